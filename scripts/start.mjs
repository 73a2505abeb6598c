/**
 * `npm start`: builds when needed, then becomes the server. The server runs in this very process, so signals
 * reach it and its exit code is the one that is seen.
 */
import { enableCompileCache } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 11)) {
  console.error(
    `This is Node ${process.versions.node}; the registry needs 24.11 or later.\n` +
      'Start it with `npm start`: `npm ci` has put a suitable Node into node_modules/.bin, and npm uses that one.\n' +
      'If it still says so, `npm ci` was run with --omit=optional: run it again without, or install Node 26.',
  );
  process.exit(1);
}

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
try {
  const { ensureBuilt } = await import('./build.mjs');
  await ensureBuilt({ say: (text) => console.error(text) });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
enableCompileCache?.(join(root, 'node_modules', '.cache', 'terraform-registry'));
const main = join(root, 'dist', 'src', 'main.js');
process.argv[1] = main;
await import(pathToFileURL(main).href);
