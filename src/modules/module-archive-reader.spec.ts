import { afterAll, describe, expect, it } from 'vitest';
import { ArchiveFiles } from '../../test/support/archives/archive-files.js';
import { tarFile, tarGz } from '../../test/support/archives/tar-builder.js';
import { DocumentationConfig } from '../config/documentation.config.js';
import { LimitsConfig } from '../config/limits.config.js';
import { ModuleArchiveReader } from './module-archive-reader.js';

const files = new ArchiveFiles();
afterAll(() => files.remove());

const readerWith = (given: Partial<DocumentationConfig> = {}) =>
  new ModuleArchiveReader(new LimitsConfig(), { ...new DocumentationConfig(), ...given });
const read = (parts: readonly Buffer[], top: string | null = null, given?: Partial<DocumentationConfig>) =>
  readerWith(given).readSources(files.write(tarGz(parts)), top);

describe('reading the sources of a module', () => {
  it('takes configuration and documents of the root, submodules and examples, without the folder around them', async () => {
    const names = [
      'main.tf',
      'main.tofu',
      'x.tf.json',
      'README.md',
      'LICENSE',
      'LICENCE.txt',
      'CHANGELOG.md',
      'modules/web/main.tf',
      'examples/one/README.md',
    ];
    const others = [
      'main.tf.txt',
      'a/main.tf',
      'modules/main.tf',
      'modules/web/deep/main.tf',
      'img/x.png',
      'READMEFOO',
    ];
    const archive = await read(
      [...names, ...others].map((name) => tarFile(`top/${name}`, name)),
      'top',
    );
    expect(new Map(archive.sources)).toEqual(new Map(names.map((name) => [name, name])));
    expect(archive.files.map(({ path }) => path).sort()).toEqual([...names, ...others].sort());
    expect(archive.problems).toEqual([]);
  });

  it('leaves larger files out and says so', async () => {
    const config = { maxFileBytes: 2048 };
    const parts = [tarFile('a.tf', 'x'.repeat(2048)), tarFile('b.tf', 'x'.repeat(2049))];
    const { sources, problems, files: shown } = await read(parts, null, config);
    expect([...sources.keys()]).toEqual(['a.tf']);
    expect(shown).toEqual([{ path: 'a.tf', size: 2048 }]);
    expect(problems).toEqual([
      { file: 'b.tf', line: 0, message: 'The file is larger than 2 KiB and was left out' },
    ]);
  });

  it('leaves files out that are too many together, and says so', async () => {
    const parts = ['a', 'b', 'c'].map((name) => tarFile(`${name}.tf`, 'x'.repeat(1024)));
    const { sources, problems } = await read(parts, null, { maxSourceBytes: 2048 });
    expect([...sources.keys()]).toEqual(['a.tf', 'b.tf']);
    expect(problems).toMatchObject([{ file: 'c.tf', message: expect.stringContaining('more than 2 KiB') }]);
    expect((await read(parts, null, { maxSourceBytes: 3072 })).problems).toEqual([]);
  });

  it('takes text without a byte order mark and says what is none', async () => {
    const { sources, problems } = await read([
      tarFile('a.tf', Buffer.from('\uFEFF# a')),
      tarFile('b.tf', Buffer.from([0, 1])),
    ]);
    expect(new Map(sources)).toEqual(new Map([['a.tf', '# a']]));
    expect(problems).toMatchObject([{ file: 'b.tf', message: 'The file is not text and was left out' }]);
  });

  it('reads one file', async () => {
    const path = files.write(tarGz([tarFile('top/a.txt', 'a'), tarFile('a.txt', 'other')]));
    expect((await readerWith().readFile(path, 'top', 'a.txt'))?.toString()).toBe('a');
    expect(await readerWith().readFile(path, 'top', 'b.txt')).toBeNull();
  });
});
