import type { InjectOptions } from 'fastify';
import type { Random } from './random.js';

type Fields = Readonly<Record<string, unknown>>;

/** A form takes a hundred, an upload fewer. */
const MOST_IN_FORM = 40;

const BYTES = (text: string) => Buffer.from(text, 'latin1');
const nested = (depth: number): unknown => (depth === 0 ? 'x' : { x: nested(depth - 1) });

/** What stands where something else is expected. */
export const CONFUSED: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, 2 ** 53, -0],
  ...['', ' ', '\0', 'a\0b', '\ud800', 'a\udfffb', '\u202e\u200b\ufeff', '𝕏🏴󠁧󠁢󠁥󠁮󠁧󠁿e\u0301', '\r\n\t\x1b[31m'],
  ...["'; DROP TABLE users; --", '" OR 1=1 --', '%', '_', '\\', '$1', '${7*7}', '{{7*7}}', '%s%n%x'],
  ...['../../../../etc/passwd', 'file:///etc/passwd', 'C:\\Windows', '<script>alert(1)</script>'],
  ...['__proto__', 'constructor', 'toString', 'undefined', 'NaN', 'null', 'true', '1e309', '0x7f'],
  ...['9'.repeat(400), 'x'.repeat(5_000), 'é'.repeat(300), 'x'.repeat(70_000)],
  ...['00000000-0000-0000-0000-000000000000', 'FFFFFFFF-FFFF-4FFF-8FFF-FFFFFFFFFFFF', 'not-a-uuid'],
  ...['0000-00-00T00:00:00Z', '+275760-09-13T00:00:00.001Z', '2026-02-31T25:61:61Z', '1999-01-01', '1'],
  ...[[], {}, [[]], [null], [{}], ['\0'], Array.from({ length: 1_500 }, () => 'x'), ['a', ['b']], nested(15)],
  ...[{ $ne: null }, { length: 1e9 }, { toString: 'x' }, { catch: 'x' }, { constructor: { prototype: {} } }],
  ...[{ id: 1 }, { 0: 'a' }, { '': '' }, { toJSON: 'x' }, { valueOf: 1 }],
];

/** Bodies that are nothing that a route expects. */
export const STRANGE: readonly { readonly payload: string | Buffer; readonly type: string }[] = [
  ...['null', '[]', '[[]]', '"text"', '7', 'true', '{', '{"a":', '{"a":1}}', '\ufeff{}', '{"a":NaN}'].map(
    json,
  ),
  json('{"__proto__": {"isAdmin": true}}'),
  json('{"constructor": {"prototype": {"isAdmin": true}}}'),
  json('{"a":1,"a":2,"name":"x","name":null}'),
  json(JSON.stringify(nested(19))),
  json(JSON.stringify(nested(5_000))),
  json('['.repeat(20_000)),
  // More than fit on the stack, where somebody hands them over as arguments.
  json(`{"scopes":[${'0,'.repeat(200_000)}0]}`),
  json('[{"name":"x","scopes":["admin"]}]'),
  json('{"name":"\\u0000","email":"a\\u0000@example.com"}'),
  json(`{"name":"${'x'.repeat(1_200_000)}"}`),
  { payload: BYTES('{"name":"\xff\xfe"}'), type: 'application/json' },
  { payload: '{}', type: 'application/json; charset=utf-16' },
  { payload: '{}', type: 'text/plain' },
  { payload: '<a/>', type: 'application/xml' },
  { payload: 'a=%zz&email=%00&c[]=1&c[x]=2&__proto__[a]=1', type: 'application/x-www-form-urlencoded' },
  { payload: `${'a=1&'.repeat(5_000)}`, type: 'application/x-www-form-urlencoded' },
  { payload: '--b\r\nx', type: 'multipart/form-data; boundary=b' },
  { payload: '', type: 'multipart/form-data' },
  { payload: '--b--\r\n', type: `multipart/form-data; boundary=${'b'.repeat(80)}` },
  { payload: '{}', type: '\u00e9/;;=' },
];

const HEADERS: readonly Readonly<Record<string, string>>[] = [
  { 'x-terraform-version': '\u00ff'.repeat(50) },
  { accept: 'text/html;q=x, */*;q=9' },
  { 'content-encoding': 'gzip' },
  { range: 'bytes=0-0,1-1,-9999999999999999999' },
  { 'if-none-match': '"'.repeat(500) },
  { 'x-request-id': '../\u00e9<script>' },
  { 'idempotency-key': 'x'.repeat(4_000) },
  { cookie: 'tfr_session=%00; tfr_csrf=\u00ff; =; a' },
  { 'x-forwarded-for': 'x'.repeat(2_000) },
  { 'user-agent': '\u0080\u00ff'.repeat(400) },
  { 'x-http-method-override': 'DELETE' },
];

/** What in a request is changed. */
export interface Mutation {
  readonly name: string;
  apply(request: InjectOptions): InjectOptions;
}

/** One random change of a valid request: a field, all fields, the whole body, the query, the path or a header. */
export function mutation(random: Random, extras: Fields): Mutation {
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
      return field(random);
    case 3:
      return { name: 'without a field', apply: (request) => withoutField(request, random) };
    case 4:
    case 5:
      return { name: 'with extra fields', apply: (request) => withFields(request, extras) };
    case 6:
      return strange(random.pick(STRANGE));
    case 7:
      return inQuery(random);
    case 8:
      return inPath(random);
    default:
      return header(random);
  }
}

/** The same request with more fields in its body, whatever its type is. */
export function withFields(request: InjectOptions, fields: Fields): InjectOptions {
  return changed(request, (known) => ({ ...fields, ...known }));
}

/** The fields that fit into a form, which has a limit; all of them for JSON. */
export function asManyAsFit(request: InjectOptions, fields: Fields): Fields {
  const type = (request.headers as Record<string, string>)['content-type'];
  return type === undefined ? fields : Object.fromEntries(Object.entries(fields).slice(0, MOST_IN_FORM));
}

function field(random: Random): Mutation {
  const value = random.pick(CONFUSED);
  return {
    name: `a field ${shown(value)}`,
    apply: (request) =>
      changed(request, (known) => {
        const names = Object.keys(known);
        return { ...known, [names.length === 0 ? 'name' : random.pick(names)]: value };
      }),
  };
}

function withoutField(request: InjectOptions, random: Random): InjectOptions {
  return changed(request, (known) => {
    const gone = random.pick(Object.keys(known).concat(''));
    return Object.fromEntries(Object.entries(known).filter(([name]) => name !== gone));
  });
}

/** The request with other fields, in the form that its body has. */
function changed(request: InjectOptions, change: (known: Fields) => Fields): InjectOptions {
  const { payload, headers } = request;
  const type = String((headers as Record<string, string>)['content-type'] ?? '');
  if (type.startsWith('multipart/')) return { ...request, payload: inParts(payload as Buffer, type, change) };
  if (type === 'application/x-www-form-urlencoded') {
    const fields = change(Object.fromEntries(new URLSearchParams(String(payload))));
    const pairs = Object.entries(fields).map(([name, value]) => [name, textOf(value)]);
    return { ...request, payload: new URLSearchParams(pairs).toString() };
  }
  return { ...request, payload: change((payload ?? {}) as Fields) };
}

const TEXT_PART = /name="([^"]*)"\r\n\r\n([\s\S]*?)\r\n--/g;

/** Changes the text parts of an upload; the file stays as it is. */
function inParts(payload: Buffer, type: string, change: (known: Fields) => Fields): Buffer {
  const boundary = /boundary=(\S+)/.exec(type)![1]!;
  const at = payload.lastIndexOf(`--${boundary}\r\n`);
  const known = [...payload.toString('latin1', 0, at + 2).matchAll(TEXT_PART)];
  const fields = change(Object.fromEntries(known.map(([, name, value]) => [name!, value!])));
  const parts = Object.entries(fields).map(
    ([name, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${textOf(value)}\r\n`,
  );
  return Buffer.concat([Buffer.from(parts.join('')), payload.subarray(at)]);
}

/** Something else instead of the whole body. */
export function strange({ payload, type }: (typeof STRANGE)[number]): Mutation {
  return {
    name: `${type.slice(0, 60)} ${shown(payload.toString())}`,
    apply: (request) => ({
      ...request,
      payload,
      headers: { ...(request.headers as object), 'content-type': type },
    }),
  };
}

function inQuery(random: Random): Mutation {
  const names = ['page', 'per_page', 'limit', 'offset', 'q', 'organization_id', 'user_id', 'from', 'to'];
  const more = ['start_date', 'end_date', 'action', 'state', 'code', 'return_to', 'provider', 'signature'];
  const parts = Array.from({ length: 1 + random.below(4) }, () => {
    const name = random.pick([...names, ...more, 'a[b]', '__proto__', 'id']);
    const value = random.pick(CONFUSED.filter((one) => textOf(one).length < 1_000));
    return `${encodeURIComponent(name)}=${encodeURIComponent(textOf(value).toWellFormed())}`;
  });
  const query = random.below(8) === 0 ? 'a=%ff%fe&%zz' : parts.join('&');
  return { name: `query ${query.slice(0, 80)}`, apply: (request) => addQuery(request, query) };
}

function addQuery(request: InjectOptions, query: string): InjectOptions {
  const url = String(request.url);
  return { ...request, url: `${url}${url.includes('?') ? '&' : '?'}${query}` };
}

/** Replaces one segment of the path, most often one that is no word of the route. */
function inPath(random: Random): Mutation {
  const value = random.pick(
    CONFUSED.filter((one) => typeof one === 'string' && one.length < 6_000),
  ) as string;
  return {
    name: `path ${shown(value)}`,
    apply(request) {
      const [path = '', ...query] = String(request.url).split('?');
      const segments = path.split('/');
      const at = segments.length - 1 - random.below(Math.min(3, segments.length - 1));
      segments[at] = encodeURIComponent(value.toWellFormed());
      return { ...request, url: [segments.join('/'), ...query].join('?') };
    },
  };
}

function header(random: Random): Mutation {
  const headers = random.pick(HEADERS);
  return {
    name: `header ${Object.keys(headers).join()}`,
    apply: (request) => ({ ...request, headers: { ...(request.headers as object), ...headers } }),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length})` : text;
}

function json(payload: string): { payload: string; type: string } {
  return { payload, type: 'application/json' };
}
