import { describe, expect, it } from 'vitest';
import { readFrontMatter } from './front-matter.js';

describe('reading front matter', () => {
  it('takes the head off a document', () => {
    expect(readFrontMatter('---\nsubcategory: "Networking"\npage_title: x: y\n---\n# Body\n')).toEqual({
      values: {},
      body: '# Body\n',
    });
    expect(
      readFrontMatter(
        '---\r\nsubcategory: "Networking"\r\ndescription: |-\r\n  Two\r\n  lines\r\n---\r\nBody',
      ),
    ).toEqual({
      values: { subcategory: 'Networking', description: 'Two\nlines' },
      body: 'Body',
    });
  });

  it.each(['# Body', '', '---\nnever: closed', 'text\n---\na: b\n---\n'])('finds none in %j', (text) => {
    expect(readFrontMatter(text)).toEqual({ values: {}, body: text });
  });

  it.each([
    ['a list', '- a'],
    ['nothing', ''],
    ['broken YAML', 'a: [b'],
    ['a key twice', 'a: 1\na: 2'],
    ['aliases', 'a: &x [1]\nb: *x'],
    ['an alias bomb', 'a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]'],
    ['deep nesting', `a: ${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['a NUL', 'a: "b\0"'],
  ])('has no values for %s', (_case, head) => {
    expect(readFrontMatter(`---\n${head}\n---\nbody`)).toEqual({ values: {}, body: 'body' });
  });

  it('reads 16 Ki characters and no more', () => {
    const head = (length: number) => `a: ${'x'.repeat(length - 4)}\n`;
    expect(readFrontMatter(`---\n${head(16 * 1024)}---\n`).values).toHaveProperty('a');
    expect(readFrontMatter(`---\n${head(16 * 1024 + 1)}---\n`).values).toEqual({});
  });

  it('does not change prototypes', () => {
    const { values } = readFrontMatter('---\n__proto__:\n  polluted: true\n---\n');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(values)).toBe(Object.prototype);
  });
});
