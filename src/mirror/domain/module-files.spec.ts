import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moduleFiles } from './module-files.js';
import { ModuleUnusable } from './module-source.errors.js';

const MOST = { what: 'the module', maxFiles: 100, maxBytes: 1000 };

/** What comes out: the new name and the one in the archive. Links are `name -> target`. */
function filesOf(lines: readonly string[], folder = '', most: Partial<typeof MOST> = {}): string[] {
  const links = lines.filter((line) => line.includes(' -> '));
  const tree = {
    files: lines.filter((line) => !links.includes(line)).map((name) => ({ name, size: 10, original: name })),
    links: links.map((line) => ({ name: line.split(' -> ')[0]!, target: line.split(' -> ')[1]! })),
  };
  return moduleFiles(tree, { folder, ...MOST, ...most })
    .map(({ name, original }) => (name === original ? name : `${name} = ${original}`))
    .sort();
}

describe('the folder of a module', () => {
  const archive = ['top/main.tf', 'top/modules/a/main.tf', 'top/modules/a/b/c.tf'];

  it.each([
    ['', archive.toSorted()],
    ['top/modules/a/b', ['c.tf = top/modules/a/b/c.tf']],
    ['*/modules/a/b', ['c.tf = top/modules/a/b/c.tf']],
    ['*/modules', ['a/b/c.tf = top/modules/a/b/c.tf', 'a/main.tf = top/modules/a/main.tf']],
  ])('%s has these files', (folder, expected) => {
    expect(filesOf(archive, folder)).toEqual(expected);
  });

  it.each(['top/mod', 'top/main.tf', '*/elsewhere', 'modules'])('%s is not there', (folder) => {
    expect(() => filesOf(archive, folder)).toThrow(`there is no folder "${folder}" in it`);
  });

  it.each([
    [['main.tf']],
    [['a/main.tf', 'b/main.tf']],
    [['a/main.tf', 'main.tf']],
    [[]],
    [['a -> b', 'a2']],
  ])('is not the only one in %j', (lines) => {
    expect(() => filesOf(lines, '*')).toThrow('it does not have exactly one folder at its root');
  });

  it('may be reached by a link', () => {
    expect(filesOf(['real/main.tf', 'alias -> real'], 'alias')).toEqual(['main.tf = real/main.tf']);
  });
});

describe('a link in an archive', () => {
  it.each([
    ['to a file', ['a/x.tf', 'y.tf -> a/x.tf'], ['a/x.tf', 'y.tf = a/x.tf']],
    ['to a folder', ['a/x.tf', 'b -> ./a/'], ['a/x.tf', 'b/x.tf = a/x.tf']],
    ['to a link', ['x.tf', 'y.tf -> x.tf', 'z.tf -> y.tf'], ['x.tf', 'y.tf = x.tf', 'z.tf = x.tf']],
    ['through a linked folder', ['a/b/x', 'l -> a/b', 'y -> l/x'], ['a/b/x', 'l/x = a/b/x', 'y = a/b/x']],
    ['up and down', ['a/x', 'b/y -> ../a/./x'], ['a/x', 'b/y = a/x']],
    ['to nothing', ['x', 'y -> gone/../x', 'z -> x/y'], ['x']],
    [
      'behind a link, up from where it leads',
      ['a/b/c/x', 'l -> a/b/c', 'y -> l/../c/x'],
      ['a/b/c/x', 'l/x = a/b/c/x', 'y = a/b/c/x'],
    ],
  ])('%s becomes a copy, or is left out', (_name, lines, expected) => {
    expect(filesOf(lines)).toEqual(expected);
  });

  it('may lead to what is in the archive outside of the folder', () => {
    expect(filesOf(['shared.tf', 'm/main.tf', 'm/s.tf -> ../shared.tf'], 'm')).toEqual([
      'main.tf = m/main.tf',
      's.tf = shared.tf',
    ]);
  });

  it.each(['/etc/passwd', '..', '../../x', 'a/../../x', 'C:/x', '\\\\server\\share', 'up/../..'])(
    'that leads out (%s) makes the archive unusable',
    (target) => {
      expect(() => filesOf(['a/x', `link -> ${target}`, 'up -> a'])).toThrow('"link" leads out of it');
    },
  );

  it.each([
    ['itself', ['x', 'a -> a']],
    ['each other', ['x', 'a -> b', 'b -> a']],
    ['each other in a folder', ['x', 'a -> b/c', 'b -> a/d']],
  ])('that leads to %s makes the archive unusable', (_name, lines) => {
    expect(() => filesOf(lines)).toThrow('leads in circles');
  });

  it.each([[['x', 'a -> .']], [['d/x', 'd/e/up -> ..']], [['d/x', 'd/e -> ../f', 'f/g -> ../d']]])(
    'that leads back to its own folder makes the archive unusable: %j',
    (lines) => {
      expect(() => filesOf(lines)).toThrow('leads back to its own folder');
    },
  );

  it('is followed forty times and no further', () => {
    const chain = (length: number) => [
      'x',
      'l0 -> x',
      ...Array.from({ length }, (_, at) => `l${at + 1} -> l${at}`),
    ];
    expect(filesOf(chain(40))).toHaveLength(42);
    expect(() => filesOf(chain(41))).toThrow('leads in circles');
  });

  it('cannot make endless work', () => {
    const fork = (last: string) => [
      last,
      ...Array.from({ length: 60 }, (_, at) => [
        `d${at + 1}/a -> ../d${at}`,
        `d${at + 1}/b -> ../d${at}`,
      ]).flat(),
    ];
    expect(() => filesOf(fork('d0/x'))).toThrow('more of it than modules may have');
    expect(() => filesOf(fork('d0/l -> nothing'))).toThrow('more of it than modules may have');
    const again = Array.from({ length: 30 }, (_, at) => `l${at + 1} -> ${`l${at}/../`.repeat(20)}l${at}`);
    expect(() => filesOf(['d/x', 'l0 -> d', ...again])).toThrow(/leads in circles/);
    const deep = Array.from({ length: 20_000 }, (_, at) => `d${at}/n -> ../d${at + 1}`);
    expect(() => filesOf(['d20000/x', ...deep])).toThrow('names that are longer than 255 bytes');
  });

  it('cannot make more bytes than modules may have', () => {
    expect(filesOf(['x', 'y -> x'], '', { maxBytes: 20 })).toHaveLength(2);
    expect(() => filesOf(['x', 'y -> x'], '', { maxBytes: 19 })).toThrow('more of it than modules may have');
  });
});

it('whatever is in an archive, what comes out is in it, and named below its folder', () => {
  const part = fc.constantFrom('a', 'b', 'c');
  const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  const target = fc
    .array(fc.constantFrom('a', 'b', 'c', '..', '.', ''), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join('/'));
  const tree = fc.record({
    files: fc.uniqueArray(path, { maxLength: 5 }),
    links: fc.uniqueArray(fc.tuple(path, target), { maxLength: 5, selector: ([name]) => name }),
  });
  fc.assert(
    fc.property(tree, fc.constantFrom('', 'a', '*', '*/b'), ({ files, links }, folder) => {
      // What readers of archives refuse: a name twice, or below a file or link.
      const names = [...files, ...links.map(([name]) => name)];
      fc.pre(
        names.every((one, at) => names.every((other, to) => at === to || !`${one}/`.startsWith(`${other}/`))),
      );
      let found: readonly { name: string; original: string }[];
      try {
        found = moduleFiles(
          {
            files: files.map((name) => ({ name, size: 1, original: name })),
            links: links.map(([name, to]) => ({ name, target: to })),
          },
          { folder, ...MOST },
        );
      } catch (error) {
        expect(error).toBeInstanceOf(ModuleUnusable);
        return;
      }
      expect(new Set(found.map(({ name }) => name)).size).toBe(found.length);
      for (const { name, original } of found) {
        expect(files).toContain(original);
        expect(name).toMatch(/^[abc](?:\/[abc])*$/);
      }
    }),
    { numRuns: 500 },
  );
});
