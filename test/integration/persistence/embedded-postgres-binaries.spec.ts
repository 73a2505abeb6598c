import { execFile } from 'node:child_process';
import { cp, chmod, mkdtemp, readFile, readlink, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedPostgresAccount } from '../../../src/platform/database/embedded-postgres-account.js';
import { EmbeddedPostgresBinaries } from '../../../src/platform/database/embedded-postgres-binaries.js';

const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
const installed = dirname(dirname(createRequire(import.meta.url).resolve(platform)));
const run = promisify(execFile);

describe('the programs of the bundled PostgreSQL', () => {
  let folder: string;
  let packageDirectory: string;
  let cache: string;
  let links: { source: string; target: string }[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'registry-binaries-'));
    await chmod(folder, 0o755);
    packageDirectory = join(folder, 'package');
    cache = join(folder, 'cache');
    await cp(installed, packageDirectory, { recursive: true, verbatimSymlinks: true });
    links = JSON.parse(
      await readFile(join(packageDirectory, 'native', 'pg-symlinks.json'), 'utf8'),
    ) as typeof links;
    for (const { target } of links) await rm(join(packageDirectory, target), { force: true });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const locate = (): EmbeddedPostgresBinaries => {
    const account = EmbeddedPostgresAccount.for(folder, join(folder, 'cluster'));
    return EmbeddedPostgresBinaries.locate(account, cache, packageDirectory);
  };

  it('get the library links that an install without scripts leaves out', async () => {
    expect(links.length).toBeGreaterThan(5);
    const binaries = locate();
    expect(binaries.postgres).toBe(join(packageDirectory, 'native', 'bin', 'postgres'));
    for (const { source, target } of links) {
      expect(join('native', 'lib', await readlink(join(packageDirectory, target)))).toBe(source);
    }
    expect((await run(binaries.initdb, ['--version'])).stdout).toMatch(/^initdb \(PostgreSQL\) 18/);
    expect(locate().postgres).toBe(binaries.postgres);
  });

  it.runIf(process.getuid?.() === 0)('are copied when the user of the server cannot read them', async () => {
    await chmod(packageDirectory, 0o700);
    const binaries = locate();
    expect(binaries.postgres.startsWith(cache)).toBe(true);
    expect((await stat(binaries.postgres)).mode & 0o005).toBe(0o005);
    expect((await run(binaries.postgres, ['--version'], { uid: 65_534, gid: 65_534 })).stdout).toContain(
      '18',
    );
    expect(locate().postgres).toBe(binaries.postgres);
  });
});
