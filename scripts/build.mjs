/**
 * Builds the product into dist/: `node scripts/build.mjs [--force] [--failpoints]`.
 *
 * A production build has no failpoints: their lines are turned into comments, so line numbers stay those of
 * the compiler. `--failpoints` also makes a copy of the build with these lines alive, for crash tests, and
 * prints where it is as its last line.
 * A stamp with a hash over all sources tells whether a build is needed; builds at the same time wait for
 * one another.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, '.build-stamp');
const LOCK = join(ROOT, 'node_modules', '.cache', 'build.lock');
const SOURCES = ['src', 'migrations'];
const ASSETS = join('src', 'web', 'assets');
const SETTINGS = [
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
  'scripts/build.mjs',
];
/** Under this project, so that node_modules is found. */
const FAILPOINT_BUILDS = join(ROOT, 'node_modules', '.cache', 'failpoint-builds');
const DAY_MS = 86_400_000;
const FAILPOINT_MARK = '//@failpoint ';
const FAILPOINT_LINE =
  /^(\s*)((?:await |void )?failpoint\((?:'[^']*'|"[^"]*")\);|import \{ failpoint \} from .*)$/gm;
const MARKED_LINE = /^(\s*)\/\/@failpoint /gm;

function filesBelow(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** A hash over everything that decides what the build looks like. */
export function sourceHash() {
  const hash = createHash('sha256');
  const sources = SOURCES.flatMap((folder) => filesBelow(join(ROOT, folder))).filter(
    (file) => !file.endsWith('.spec.ts'),
  );
  for (const file of [...sources, ...SETTINGS.map((name) => join(ROOT, name))]) {
    if (!existsSync(file)) continue;
    hash
      .update(`${relative(ROOT, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

/** False where there is nothing to build from, as in a production image. */
export function needsBuild() {
  if (!existsSync(join(ROOT, 'src'))) return false;
  return !existsSync(STAMP) || readFileSync(STAMP, 'utf8').trim() !== sourceHash();
}

function rewrite(directory, change) {
  for (const file of filesBelow(directory).filter((name) => name.endsWith('.js'))) {
    const before = readFileSync(file, 'utf8');
    const after = change(before);
    if (after !== before) writeFileSync(file, after);
  }
}

/** Turns the failpoint lines of a build into comments; doing it again changes nothing. */
export function silenceFailpoints(directory) {
  rewrite(directory, (text) => text.replace(FAILPOINT_LINE, `$1${FAILPOINT_MARK}$2`));
}

/** The opposite of `silenceFailpoints`. */
export function reviveFailpoints(directory) {
  rewrite(directory, (text) => text.replace(MARKED_LINE, '$1'));
}

/** Removes what an earlier build left of files that no longer exist. */
function removeLeftovers() {
  for (const folder of SOURCES) {
    for (const file of filesBelow(join(DIST, folder))) {
      const built = join(ROOT, relative(DIST, file));
      const sources = ['.ts', '.tsx'].map((ending) => built.replace(/\.js(\.map)?$/, ending));
      if (!sources.some(existsSync)) rmSync(file, { force: true });
    }
  }
}

/** What the pages serve as it is stands beside the code that serves it. */
function copyAssets() {
  cpSync(join(ROOT, ASSETS), join(DIST, ASSETS), { recursive: true });
}

function compile() {
  const require = createRequire(import.meta.url);
  let nest;
  try {
    nest = join(dirname(require.resolve('@nestjs/cli/package.json')), 'bin', 'nest.js');
  } catch {
    throw new Error('The build needs the development packages: run `npm ci` without --omit=dev first.');
  }
  const run = () =>
    spawnSync(process.execPath, [nest, 'build'], {
      cwd: ROOT,
      // The compiler may take more memory than the server that is started afterwards.
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  let result = run();
  if (result.status === 0 && !existsSync(join(DIST, 'src', 'main.js'))) {
    rmSync(DIST, { recursive: true, force: true });
    result = run();
  }
  if (result.status !== 0) throw new Error(`The build failed with status ${result.status ?? result.signal}.`);
}

function holderIsAlive() {
  try {
    process.kill(Number(readFileSync(join(LOCK, 'pid'), 'utf8')), 0);
    return true;
  } catch (error) {
    const isYoung = existsSync(LOCK) && Date.now() - statSync(LOCK).mtimeMs < 2_000;
    return error.code === 'EPERM' || (error.code === 'ENOENT' && isYoung);
  }
}

async function withLock(work) {
  mkdirSync(dirname(LOCK), { recursive: true });
  for (;;) {
    try {
      mkdirSync(LOCK);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (holderIsAlive()) await sleep(200);
      else rmSync(LOCK, { recursive: true, force: true });
    }
  }
  try {
    writeFileSync(join(LOCK, 'pid'), String(process.pid));
    return await work();
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

/** Builds when the sources changed since the last build. True when it did. */
export async function ensureBuilt({ force = false, say = () => {} } = {}) {
  if (!force && !needsBuild()) return false;
  return withLock(() => {
    if (!force && !needsBuild()) return false;
    const startedAt = Date.now();
    const hash = sourceHash();
    say('Building (only needed after a change, about 15 seconds) …');
    rmSync(STAMP, { force: true });
    compile();
    removeLeftovers();
    copyAssets();
    silenceFailpoints(DIST);
    writeFileSync(STAMP, `${hash}\n`);
    say(`Built in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`);
    return true;
  });
}

/**
 * Makes a copy of the build in which failpoints work, in a folder of its own for each state of the sources, so
 * that a copy in use is never changed. Returns its `dist` folder. Copies older than a day are removed.
 */
export async function buildWithFailpoints() {
  await ensureBuilt();
  return withLock(() => {
    const stamp = readFileSync(STAMP, 'utf8').trim();
    const directory = join(FAILPOINT_BUILDS, stamp.slice(0, 16));
    if (!existsSync(directory)) {
      const unfinished = `${directory}.${process.pid}`;
      cpSync(DIST, join(unfinished, 'dist'), { recursive: true });
      cpSync(join(ROOT, 'package.json'), join(unfinished, 'package.json'));
      reviveFailpoints(join(unfinished, 'dist'));
      renameSync(unfinished, directory);
    }
    for (const name of readdirSync(FAILPOINT_BUILDS)) {
      const path = join(FAILPOINT_BUILDS, name);
      if (path !== directory && Date.now() - statSync(path).mtimeMs > DAY_MS)
        rmSync(path, { recursive: true });
    }
    return join(directory, 'dist');
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = process.argv.slice(2);
  try {
    const built = await ensureBuilt({ force: options.includes('--force'), say: console.log });
    if (!built) console.log('The build is up to date.');
    if (options.includes('--failpoints')) console.log(await buildWithFailpoints());
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
