/** `npm run cli -- <command>`: builds when needed, then becomes the administration command line. */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, ROOT } from './build.mjs';

try {
  await ensureBuilt({ say: (text) => console.error(text) });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
// Commands end soon: most of their time is the code that is compiled.
enableCompileCache?.(join(ROOT, 'node_modules', '.cache', 'terraform-registry'));
const main = join(ROOT, 'dist', 'src', 'cli.js');
process.argv[1] = main;
await import(pathToFileURL(main).href);
