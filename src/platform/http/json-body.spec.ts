import { describe, expect, it } from 'vitest';
import { parseJsonBody } from './json-body.js';

const parse = (text: string) => parseJsonBody(Buffer.from(text));
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe('the body of a JSON request (W8)', () => {
  it.each([
    ['nothing', '', {}],
    ['an object', '{"a":[1,{"b":null}]}', { a: [1, { b: null }] }],
    ['a field twice: the last one counts', '{"a":1,"a":2}', { a: 2 }],
    ['half a character', '{"a":"\\ud800"}', { a: '\ud800' }],
  ])('may be %s', (_, text, value) => expect(parse(text)).toEqual(value));

  it('may be twenty levels deep and hold as many values as fit into it', () => {
    expect(() => parse(nested(20))).not.toThrow();
    const many = parse(`{"a":[${'0,'.repeat(500_000)}0]}`) as { a: number[] };
    expect(many.a).toHaveLength(500_001);
  });

  it.each([
    ['a list', '[]', 'must be a JSON object'],
    ['a list of objects', '[{"a":1}]', 'must be a JSON object'],
    ['a text', '"a"', 'must be a JSON object'],
    ['null', 'null', 'must be a JSON object'],
    ['half an object', '{"a":', 'is not valid JSON'],
    ['two objects', '{}{}', 'is not valid JSON'],
    ['too deep', nested(21), 'nested deeper than 20 levels'],
    ['very deep', nested(100_000), /nested deeper|not valid/],
    ['with a key that changes what objects are', '{"a":{"__proto__":1}}', 'a key named __proto__'],
    ['with NUL in a text', '{"a":["\\u0000"]}', 'the character NUL'],
    ['with NUL in a key', '{"a":{"b\\u0000":1}}', 'the character NUL'],
  ])('is never %s', (_, text, sentence) => expect(() => parse(text)).toThrow(sentence));

  it('is UTF-8', () => {
    expect(() => parseJsonBody(Buffer.from([0x22, 0xff, 0x22]))).toThrow('is not valid JSON');
  });
});
