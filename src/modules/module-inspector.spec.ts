import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { ArchiveFiles } from '../../test/support/archives/archive-files.js';
import { rejectionOf } from '../../test/support/archives/rejection.js';
import {
  paxHeader,
  tarDirectory,
  tarFile,
  tarGz,
  tarHeader,
} from '../../test/support/archives/tar-builder.js';
import { LimitsConfig } from '../config/limits.config.js';
import { ModuleInspector } from './module-inspector.js';

const files = new ArchiveFiles();
afterAll(() => files.remove());

const inspector = new ModuleInspector(new LimitsConfig());
const inspect = (parts: readonly Buffer[], limits?: LimitsConfig) =>
  (limits === undefined ? inspector : new ModuleInspector(limits)).inspect(files.write(tarGz(parts)));
const refusal = (parts: readonly Buffer[], limits?: LimitsConfig) =>
  rejectionOf(inspect(parts, limits).then((manifest) => ({ entries: [manifest] })));

describe('inspecting a module archive', () => {
  it('finds a module at the root of the archive, with its README (checklist 50)', async () => {
    const parts = [
      tarFile('README.md', '# Straße\n'),
      tarFile('main.tf', 'a'),
      tarFile('modules/a/main.tf', 'b'),
      tarFile('modules/README.md', 'other'),
    ];
    expect(await inspect(parts)).toEqual({
      topFolder: null,
      readme: '# Straße\n',
      files: 4,
      unpackedBytes: 17,
    });
  });

  it('finds a module in the single top folder and names it exactly (checklist 50, 51)', async () => {
    const parts = [
      tarDirectory('Vpc_module-1.0/'),
      tarFile('Vpc_module-1.0/main.tf', 'a'),
      tarFile('Vpc_module-1.0/README.md', 'in it'),
      tarFile('Vpc_module-1.0/examples/README.md', 'deeper'),
    ];
    expect(await inspect(parts)).toMatchObject({ topFolder: 'Vpc_module-1.0', readme: 'in it', files: 3 });
    expect(await inspect(parts.slice(1))).toMatchObject({ topFolder: 'Vpc_module-1.0' });
  });

  it('finds it in a single top folder packed from "."', async () => {
    expect(
      await inspect([tarDirectory('./'), tarDirectory('./m/'), tarFile('./m/main.tf', 'a')]),
    ).toMatchObject({
      topFolder: 'm',
    });
  });

  it('takes the root when there are sources at both places', async () => {
    expect(await inspect([tarFile('m/main.tf', 'a'), tarFile('main.tf', 'a')])).toMatchObject({
      topFolder: null,
    });
  });

  it.each(['main.tf', 'main.tofu', 'main.tf.json', 'main.tofu.json'])(
    'takes %s for a module',
    async (name) => {
      expect(await inspect([tarFile(name, 'a')])).toMatchObject({ topFolder: null, files: 1 });
    },
  );

  it.each([
    ['in a submodule', [tarFile('modules/a/main.tf', 'x')], null],
    ['in a submodule below a top folder', [tarFile('vpc-1.0/modules/a/main.tf', 'x')], 'vpc-1.0'],
    ['in one of two folders', [tarFile('a/main.tf', 'x'), tarFile('b/x.txt', 'x')], null],
    ['in a folder beside a file', [tarFile('a/main.tf', 'x'), tarFile('LICENSE', 'x')], null],
  ])('takes a repository whose only source is %s', async (_case, parts, topFolder) => {
    expect(await inspect(parts)).toMatchObject({ topFolder });
  });

  it.each(['my module', 'modül', 'a+b', 'a%20b'])(
    'refuses the top folder %s, which no client could ask for (checklist 51)',
    async (folder) => {
      expect(await refusal([tarFile(`${folder}/main.tf`, 'x')])).toMatch(/without a folder around them/);
    },
  );

  it.each([
    ['nothing but text', [tarFile('README.md', 'x')]],
    ['a directory called main.tf', [tarDirectory('main.tf/'), tarFile('main.tf/x', 'x')]],
    ['a file called .tf', [tarFile('.tf', 'x')]],
    [
      'names that only resemble sources',
      [tarFile('main.tf.txt', 'x'), tarFile('main.tfvars', 'x'), tarFile('main.TF', 'x')],
    ],
  ])('refuses %s (D11)', async (_case, parts) => {
    expect(await refusal(parts)).toMatch(/there is no \.tf, \.tofu/);
  });

  it('refuses what archives refuse (checklist 66)', async () => {
    expect(
      await refusal([tarFile('main.tf', 'a'), tarHeader({ name: 'x', type: '2', linkname: '/etc' })]),
    ).toMatch(/link/);
    expect(await refusal([paxHeader({ comment: 'x' }, 'g'), tarFile('main.tf', 'a')])).toMatch(/git archive/);
  });

  it('keeps the configured limits', async () => {
    const parts = [tarFile('main.tf', 'a'.repeat(1_000)), tarFile('b.tf', 'a')];
    expect(await inspect(parts, { ...new LimitsConfig(), moduleMaxUnpackedBytes: 1_001 })).toMatchObject({
      files: 2,
    });
    expect(await refusal(parts, { ...new LimitsConfig(), moduleMaxUnpackedBytes: 1_000 })).toMatch(
      /unpacks to more/,
    );
    expect(await refusal(parts, { ...new LimitsConfig(), moduleMaxEntries: 1 })).toMatch(
      /more than 1 entries/,
    );
    expect(await refusal(parts, { ...new LimitsConfig(), moduleMaxBytes: 50 })).toMatch(
      /larger than 50 bytes/,
    );
  });
});

describe('the README of a module', () => {
  const source = tarFile('main.tf', 'a');
  const readme = async (parts: readonly Buffer[]) => (await inspect([source, ...parts])).readme;

  it('is README.md before all others, whatever its case', async () => {
    expect(
      await readme([tarFile('README', 'plain'), tarFile('Readme.md', 'best'), tarFile('readme.txt', 'x')]),
    ).toBe('best');
    expect(await readme([tarFile('readme.rst', 'rst'), tarFile('README', 'plain')])).toBe('plain');
  });

  it('is null without one, and when there is one only deeper', async () => {
    expect(await readme([tarFile('docs/README.md', 'x'), tarFile('NOT-README.md', 'x')])).toBeNull();
  });

  it('is kept up to 1 MiB, and left out above', async () => {
    expect(await readme([tarFile('README.md', 'a'.repeat(1024 * 1024))])).toHaveLength(1024 * 1024);
    expect(await readme([tarFile('README.md', 'a'.repeat(1024 * 1024 + 1))])).toBeNull();
  });

  it('is left out when it is not text', async () => {
    expect(await readme([tarFile('README.md', 'a\0b')])).toBeNull();
  });

  it('is text without a byte order mark, with broken bytes replaced', async () => {
    expect(await readme([tarFile('README.md', Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xff]))])).toBe('a\uFFFD');
  });

  it('is found behind 18 MB of others deeper', async () => {
    const noise = randomBytes(750_000).toString('base64');
    const others = Array.from({ length: 18 }, (_, index) => tarFile(`d${index}/README.md`, noise));
    expect(await readme([...others, tarFile('README.md', 'right')])).toBe('right');
    const first = tarFile('d0/README.md', noise);
    expect((await inspect([first, ...others.slice(1), source, tarFile('README.md', 'right')])).readme).toBe(
      'right',
    );
  });
});
