// Writes the files that are generated from the built application; with --check it only compares them and
// exits with status 1 when one is stale. Run `nest build` first.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const built = (path) => import(new URL(`../dist/src/${path}`, import.meta.url).href);

/** One entry per generated file; `produce` answers its whole text. */
const generators = [
  {
    file: '.env.example',
    produce: async () => (await built('config/describe-config.js')).envExampleText(),
  },
  {
    file: 'docs/reference/configuration.md',
    produce: async () => (await built('config/describe-config.js')).configurationReferenceText(),
  },
  {
    file: 'docs/reference/openapi.json',
    produce: async () => (await built('openapi-document.js')).openApiText(),
  },
];

function currentText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

const isCheck = process.argv.includes('--check');
const stale = [];
for (const { file, produce } of generators) {
  const path = join(root, file);
  const text = await produce();
  if (currentText(path) === text) continue;
  stale.push(file);
  if (isCheck) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`wrote ${file}`);
}
if (isCheck && stale.length > 0) {
  console.error(`Stale: ${stale.join(', ')}. Run npm run docs:generate and commit the result.`);
  process.exitCode = 1;
}
