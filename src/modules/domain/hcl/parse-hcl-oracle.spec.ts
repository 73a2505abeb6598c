import { parse } from '@cdktf/hcl2json';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixtureFiles } from '../../../../test/support/hcl-fixtures.js';
import type { HclBody, JsonValue } from './hcl-tree.js';
import { parseHcl } from './parse-hcl.js';

/**
 * hcl2json is HashiCorp's own parser. It keeps `$${` and `%%{` as they are written, gives the text of an expression
 * that it does not evaluate as `${…}`, evaluates some that this parser leaves alone (`!true`), and reports the blocks
 * of one type and its labels as nested objects. The comparison therefore looks at structure, names and literals.
 */
type Json = { [key: string]: unknown };

const UNKNOWN = Symbol('not a literal');

function escaped(value: JsonValue): unknown {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${').replaceAll('%{', '%%{');
  if (Array.isArray(value)) return value.map((item: JsonValue) => escaped(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner as JsonValue)]));
}

function asOracle(body: HclBody): Json {
  const result: Json = {};
  for (const [name, { value }] of body.attributes)
    result[name] = value === undefined ? UNKNOWN : escaped(value);
  for (const { type, labels, body: inner } of body.blocks) {
    const path = [type, ...labels];
    const last = path.pop() ?? '';
    let place = result;
    for (const key of path) place = (place[key] ??= {}) as Json;
    const list = (place[last] ??= []) as unknown[];
    list.push(asOracle(inner));
  }
  return result;
}

/** Puts a mark where the parser under test left an expression alone. */
function withUnknown(theirs: unknown, ours: unknown): unknown {
  if (ours === UNKNOWN) return UNKNOWN;
  if (Array.isArray(theirs) && Array.isArray(ours))
    return theirs.map((item, index) => withUnknown(item, ours[index]));
  if (typeof theirs !== 'object' || theirs === null || typeof ours !== 'object' || ours === null)
    return theirs;
  return Object.fromEntries(
    Object.entries(theirs).map(([key, value]) => [key, withUnknown(value, (ours as Json)[key])]),
  );
}

async function expectAgreement(source: string): Promise<void> {
  const theirs: unknown = await parse('main.tf', source);
  const { body, problems } = parseHcl(source);
  expect(problems).toEqual([]);
  const ours = asOracle(body);
  expect(ours).toEqual(withUnknown(theirs, ours));
}

const encode = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('${', () => '$${')
    .replaceAll('%{', '%%{')
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (char) => {
      const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
      return short[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });

const identifier = fc
  .stringMatching(/^[a-z_][a-z0-9_-]{0,8}$/)
  .filter((name) => name !== '__proto__' && name !== 'for');
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('$', '%', '{', '}', '"', '\\', ' ', 'a', '~', '\n', 'é', '\t') }),
);
const quoted = text.map((value) => `"${encode(value)}"`);
const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 }).map(String),
  fc.constantFrom('1e3', '2.50', '007', '1E-2', '- 4', '0.1e+1'),
);
const computed = fc.constantFrom(
  'var.a',
  'a.b[0].c["d"].*.e',
  '[for x in var.l : x if x != null]',
  '{ for k, v in var.m : k => v... }',
  'provider::aws::arn_build("a", [1], { b = 2 })',
  'cond ? "a" : "b"',
  '(1 + 2) * 3 >= 4 && !false || x',
  '"a${var.b}c"',
  '"%{ if a ~}b%{ endif }"',
  '"${"deep ${"er"}"}-"',
  'f(\n  1,\n  2...\n)',
);
const line = fc.string({
  unit: fc.constantFrom('$', '%', '{', '"', '\\', ' ', ' ', 'a', 'É', '\t', '#'),
  maxLength: 12,
});
const heredoc = fc
  .tuple(fc.array(line, { maxLength: 5 }), fc.constantFrom('<<', '<<-'), fc.nat(4), fc.boolean())
  .map(([lines, open, indent, isMarkerIndented]) => {
    const content = lines.map(
      (one) => `${' '.repeat(indent)}${one.replaceAll('${', () => '$${').replaceAll('%{', '%%{')}\n`,
    );
    return `${open}END\n${content.join('')}${isMarkerIndented ? '   ' : ''}END`;
  });

const { expression } = fc.letrec<{ expression: string; tuple: string; object: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('true', 'false', 'null'),
    number,
    quoted,
    computed,
    tie('tuple'),
    tie('object'),
  ),
  tuple: fc
    .tuple(
      fc.array(tie('expression'), { maxLength: 4 }),
      fc.constantFrom(', ', ',', ',\n', ' , # c\n', '/* c */,'),
    )
    .map(([items, separator]) => `[${items.join(separator)}]`),
  object: fc
    .tuple(
      fc.uniqueArray(fc.tuple(identifier, fc.boolean(), tie('expression')), {
        selector: ([key]) => key,
        maxLength: 4,
      }),
      fc.constantFrom(', ', ',\n', '\n', ' # c\n', '\n\n// c\n'),
      fc.constantFrom(' = ', '=', ': '),
    )
    .map(([entries, separator, sign]) => {
      const written = entries.map(
        ([key, isQuoted, value]) => `${isQuoted ? `"${key}"` : key}${sign}${value}`,
      );
      return `{ ${written.join(separator)} }`;
    }),
}));

const blank = fc.constantFrom('', '', '\n', '# note { [ "\n', '// note\n', '/* a\n b */\n');
const attribute = fc
  .tuple(blank, fc.oneof({ weight: 4, arbitrary: expression }, { weight: 1, arbitrary: heredoc }))
  .map(
    ([before, value]) =>
      (name: string) =>
        `${before}${name} = ${value}\n`,
  );

const { body } = fc.letrec<{ body: string; block: string }>((tie) => ({
  body: fc
    .tuple(
      fc.uniqueArray(fc.tuple(identifier, attribute), { selector: ([name]) => name, maxLength: 4 }),
      fc.array(tie('block'), { maxLength: 3 }),
    )
    .map(([attributes, blocks]) =>
      [...attributes.map(([name, write]) => write(`a_${name}`)), ...blocks].join(''),
    ),
  block: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(identifier, expression).map(([name, value]) => `block0 { ${name} = ${value} }\n`),
    fc
      .tuple(fc.array(fc.tuple(identifier, fc.boolean()), { maxLength: 2 }), blank, tie('body'))
      .map(([labels, before, inner]) => {
        const written = labels.map(([label, isQuoted]) => (isQuoted ? `"${label}"` : label));
        return `${before}block${labels.length} ${written.join(' ')} {\n${inner}}\n`;
      }),
  ),
}));

describe('the parser and hcl2json', () => {
  it('agree about generated files', async () => {
    await fc.assert(
      fc.asyncProperty(body, fc.boolean(), (source, hasCarriageReturns) =>
        expectAgreement(hasCarriageReturns ? source.replaceAll('\n', '\r\n') : source),
      ),
      { numRuns: 400 },
    );
  });

  it('agree about generated heredocs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(heredoc, { minLength: 1, maxLength: 3 }), (all) =>
        expectAgreement(all.map((one, index) => `x${index} = ${one}\n`).join('')),
      ),
      { numRuns: 200 },
    );
  });

  it.each(fixtureFiles((path) => path.endsWith('.tf') && !path.startsWith('malformed/')))(
    'agree about %s',
    async (_path, source) => {
      await expectAgreement(source);
    },
  );

  it('agree that the text of an expression, read again, is the same expression', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(expression, heredoc), async (source) => {
        const original = parseHcl(`x = ${source}\n`).body.attributes.get('x');
        const again = parseHcl(`x = ${original?.text}\n`).body.attributes.get('x');
        expect(original?.text).not.toMatch(/\n/);
        expect(again?.text).toBe(original?.text);
        expect(again?.value).toEqual(original?.value);
        await expect(parse('main.tf', `x = ${original?.text}\n`)).resolves.toBeDefined();
      }),
      { numRuns: 300 },
    );
  });
});
