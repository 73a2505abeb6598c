import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixtureFiles } from '../../../../test/support/hcl-fixtures.js';
import { HCL_LIMITS } from './hcl-tree.js';
import type { HclBody, HclExpression, HclFile } from './hcl-tree.js';
import { parseHclJson } from './parse-hcl-json.js';
import { parseHcl } from './parse-hcl.js';

/** Steps for each character, however broken the file is: it may be read again some times, and once more to its end. */
const STEPS_PER_CHARACTER = 3 * (HCL_LIMITS.maxRereads + 2);

function expressionsOf(body: HclBody): HclExpression[] {
  return [...body.attributes.values(), ...body.blocks.flatMap((block) => expressionsOf(block.body))];
}

/** Looks at everything that the parser offers. */
function readAll(source: string): HclFile {
  const file = parseHcl(source);
  expect(file.steps).toBeLessThanOrEqual(STEPS_PER_CHARACTER * source.length + 4_000);
  expect(file.problems.length).toBeLessThanOrEqual(HCL_LIMITS.maxProblems + 1);
  for (const expression of expressionsOf(file.body)) {
    expect(expression.text).not.toMatch(/\n/);
    JSON.stringify([expression.value, expression.entries?.size, expression.items?.length]);
  }
  return file;
}

const expression = (source: string): HclExpression => {
  const { body, problems } = parseHcl(`x = ${source}\n`);
  expect(problems).toEqual([]);
  const found = body.attributes.get('x');
  if (found === undefined) throw new Error('there is no x');
  return found;
};

const names = ({ body }: HclFile): (string | undefined)[] => body.blocks.map(({ labels }) => labels[0]);

describe('the parser of HCL', () => {
  it.each([
    ['"a\\n\\t\\"\\\\\\u00e9\\U0001F600"', 'a\n\t"\\é😀'],
    ['"$${x} %%{y} $$$${z}"', '${x} %{y} $$${z}'],
    ['<<-EOT\n    a\n\n      b\n    EOT', 'a\n\n  b\n'],
    ['<<EOT\n  a\\n\nEOT', '  a\\n\n'],
    ['-1.5e3', -1500],
    ['{ a = 1, "b" : [true, null], 3 = "c" }', { a: 1, b: [true, null], 3: 'c' }],
    ['{ __proto__ = 1 }', JSON.parse('{"__proto__":1}')],
    ['[\n1, # one\n2,\n]', [1, 2]],
    ['"${x}"', undefined],
    ['{ (x) = 1 }', undefined],
    ['[for x in y : x]', undefined],
    ['1 + 2', undefined],
    ['"\\ud800x" ', '\ud800x'.normalize('NFC')],
    ['1e999', undefined],
  ])('gives the value of %j', (source, value) => {
    expect(expression(source).value).toEqual(value);
  });

  it.each([
    [
      'map( object({\n a = string # c\n b = optional( number,1 )\n}) )',
      'map(object({ a = string, b = optional(number, 1) }))',
    ],
    ['"a${ var.b }c"', '"a${var.b}c"'],
    ['"a  b # c"', '"a  b # c"'],
    ['<<-EOT\n  a "${ x }"\n    b\n  EOT', '"a \\"${x}\\"\\n  b\\n"'],
    ['[\n  1,\n  2,\n]', '[1, 2]'],
    ['{\n for k, v in m :\n k => v\n}', '{ for k, v in m : k => v }'],
    ['a /* b\n */ + c', 'a + c'],
    ['{}', '{}'],
  ])('writes %j on one line', (source, text) => {
    expect(expression(source).text).toBe(text);
  });

  it('gives the parts of an object and of a list that need evaluation', () => {
    const { entries, value } = expression('{ source = "x", aliases = [aws.a, aws.b] }');
    expect(value).toBeUndefined();
    expect(entries?.get('source')?.value).toBe('x');
    expect(entries?.get('aliases')?.items?.map(({ text }) => text)).toEqual(['aws.a', 'aws.b']);
  });

  it('knows the line of everything, also in files of Windows and after a byte order mark', () => {
    const { body } = parseHcl(
      '\uFEFF/* 1\r\n 2 */\r\na "b" {\r\n  c = <<E\r\nx\r\nE\r\n  d = [\r\n1]\r\n}\r\n',
    );
    const [block] = body.blocks;
    expect(block?.line).toBe(3);
    expect([...(block?.body.attributes.values() ?? [])].map(({ line }) => line)).toEqual([4, 7]);
  });

  it.each([
    ['malformed/unclosed-block.tf', ['b', 'c'], [1]],
    ['malformed/unclosed-string.tf', ['b'], [2]],
    ['malformed/unclosed-heredoc.tf', ['b'], [2]],
    ['malformed/unclosed-comment.tf', ['a'], [3]],
    ['malformed/stray-brace.tf', ['a', 'b'], [2]],
    ['malformed/wrong-bracket.tf', ['c'], [2, 6]],
    ['malformed/no-value.tf', ['b'], [2]],
    ['malformed/prose.tf', ['b'], [1]],
    ['malformed/merge-conflict.tf', ['a', 'b', 'c', 'd'], [2, 4, 6]],
    ['malformed/two-on-a-line.tf', ['b'], [1]],
    ['malformed/bad-escape.tf', ['b'], [2]],
  ])('finds the sound blocks of %s', (path, sound, lines) => {
    const [[, source] = ['', '']] = fixtureFiles((one) => one === path);
    const file = readAll(source);
    expect(names(file)).toEqual(sound);
    expect(file.problems.map(({ line }) => line)).toEqual(lines);
    for (const { message } of file.problems) expect(message).toMatch(/^[A-Z].*\.$/);
  });

  it.each([
    ['a = 1 b = 2\n', 1],
    ['a {}\n b = \n', 2],
    ['a { b = 1\n}\n', 1],
    ['a {\n b = 1 }\n', 2],
    ['a { b {} }\n', 1],
    ['a "${b}" {}\n', 1],
    ['a\n{}\n', 1],
    ["a = 'b'\n", 1],
    ['a = <<EOT x\nEOT\n', 1],
    ['a = 1\na = 2\n', 2],
  ])('reports %j', (source, line) => {
    expect(readAll(source).problems).toEqual([{ line, message: expect.any(String) as string }]);
  });

  it('refuses what is too deep or too long, and keeps what came before', () => {
    const limits = { ...HCL_LIMITS, maxDepth: 3, maxItems: 4 };
    expect(parseHcl('a = [[[1]]]\n', limits).problems).toEqual([]);
    expect(parseHcl('a = [[[[1]]]]\n', limits).problems).toHaveLength(1);
    expect(parseHcl('a {}\nb {}\nc {}\nd {}\n', limits).problems).toEqual([]);
    const long = parseHcl('a {}\nb {}\nc {}\nd {}\ne {}\nf {}\n', limits);
    expect(long.body.blocks.map(({ type }) => type)).toEqual(['a', 'b', 'c', 'd']);
    expect(long.problems.map(({ line }) => line)).toEqual([5]);
  });
});

describe('the parser of HCL, given anything,', () => {
  const soup = fc
    .array(
      fc.constantFrom(
        'a',
        ' ',
        '\n',
        '"',
        '{',
        '}',
        '[',
        ']',
        '(',
        ')',
        '=',
        '${',
        '%{',
        '$',
        '<<E\n',
        '<<-E\n',
        'E\n',
        '\\',
        '#',
        '/*',
        '*/',
        ',',
        ':',
        '1',
        'variable "x" {\n',
        '\r\n',
        '~}',
        'for',
        'é',
        '\0',
        '.',
        '=>',
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join(''));

  it('never fails, and does work in proportion', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    const text = bytes.map((array) => Buffer.from(array).toString('latin1'));
    fc.assert(
      fc.property(fc.oneof(soup, text, fc.string({ unit: 'binary' })), (source) => void readAll(source)),
      {
        numRuns: 1_500,
      },
    );
  });

  it('never fails on JSON that is none', () => {
    const json = fc.oneof(
      fc.json(),
      soup,
      fc.json().map((text) => text.slice(0, -1)),
    );
    fc.assert(
      fc.property(json, fc.constantFrom('', '{"variable":', '{"resource":{"a":'), (source, before) => {
        for (const one of expressionsOf(parseHclJson(before + source).body))
          JSON.stringify([one.text, one.value]);
      }),
      { numRuns: 1_000 },
    );
  });

  const fixtures = fixtureFiles((path) => /\.(tf|tofu|hcl|json)$/.test(path));

  it.each(fixtures)('reads %s cut off anywhere', (path, source) => {
    // All offsets of a long file are quadratic work, and its blocks are much alike: some of them will do.
    const stride = Math.ceil(source.length ** 2 / 10_000_000);
    for (let end = 0; end <= source.length; end += Math.max(1, stride)) {
      if (path.endsWith('.json')) parseHclJson(source.slice(0, end));
      else parseHcl(source.slice(0, end));
    }
    expect(readAll(source).steps).toBeGreaterThan(0);
  });

  it.each([
    ['brackets', 'a = ' + '['.repeat(100_000)],
    ['closed brackets', `a = ${'['.repeat(100_000)}${']'.repeat(100_000)}\n`],
    ['blocks', 'a {\n'.repeat(100_000)],
    ['interpolations', `a = ${'"${'.repeat(100_000)}`],
    ['closing braces', '}\n'.repeat(100_000)],
    ['heredocs', 'a = <<E\n'.repeat(100_000)],
    ['minus signs', `a = ${'-'.repeat(100_000)}1\n`],
    ['quotes', '"'.repeat(100_000)],
    ['blanks before a marker', `a = <<E\n${' '.repeat(100_000)}x\nE\n`],
    ['one identifier', 'é'.repeat(100_000)],
  ])('stands 100000 %s', (_what, source) => {
    readAll(source);
    expect(parseHclJson(source).problems).toHaveLength(1);
  });

  it('stands JSON 100000 deep', () => {
    const { problems } = parseHclJson(`{"variable":${'[{"a":'.repeat(100_000)}`);
    expect(problems).toEqual([{ line: 1, message: expect.stringContaining('inside each other') as string }]);
  });

  it('reads 5 MB, each character a few times', () => {
    const block = 'variable "name" {\n  type    = list(string)\n  default = ["a", "b"] # c\n}\n';
    const count = Math.ceil((5 * 1024 * 1024) / block.length);
    const file = parseHcl(block.repeat(count), { ...HCL_LIMITS, maxItems: Infinity });
    expect(file.problems).toEqual([]);
    expect(file.body.blocks).toHaveLength(count);
    expect(file.steps).toBeLessThan(2 * count * block.length);
    expect(parseHcl(block.repeat(count)).problems).toHaveLength(1);
    const text = `a = "${'x'.repeat(5 * 1024 * 1024)}"\n`;
    expect(parseHcl(text).body.attributes.get('a')?.value).toHaveLength(5 * 1024 * 1024);
  });
});
