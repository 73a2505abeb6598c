import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { RenderedDocument } from './rendered-document.js';

const plain = { isAuthenticated: false, acceptsGzip: false, ifNoneMatch: undefined };
const list = (body: string) =>
  new RenderedDocument({
    status: 200,
    etag: 'abc',
    body: Buffer.from(body),
    location: null,
    renewAtMs: Number.POSITIVE_INFINITY,
  });
const LARGE = JSON.stringify({ text: 'x'.repeat(2_000) });

function headersOf({ headers }: { headers: readonly string[] }): Record<string, string> {
  const pairs = headers.flatMap((name, index) =>
    index % 2 === 0 ? [[name, headers[index + 1]!] as const] : [],
  );
  expect(new Set(pairs.map(([name]) => name)).size).toBe(pairs.length);
  return Object.fromEntries(pairs);
}

describe('answering a document', () => {
  it('sends a version list with ETag, length and the right caching (checklist 113)', () => {
    const anonymous = list('{}').answer(plain);
    expect(anonymous.status).toBe(200);
    expect(headersOf(anonymous)).toEqual({
      vary: 'X-Terraform-Version',
      'cache-control': 'public, max-age=60',
      etag: '"abc"',
      'content-type': 'application/json; charset=utf-8',
      'content-length': '2',
    });
    expect(headersOf(list('{}').answer({ ...plain, isAuthenticated: true }))['cache-control']).toBe(
      'private, no-cache',
    );
  });

  it('sends the compressed twin of a body over 1 KB to who accepts gzip, and makes it once (checklist 112)', () => {
    const document = list(LARGE);
    const answer = document.answer({ ...plain, acceptsGzip: true });
    expect(gunzipSync(answer.body!).toString()).toBe(LARGE);
    expect(headersOf(answer)).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': String(answer.body!.length),
      vary: 'X-Terraform-Version, Accept-Encoding',
      etag: '"abc-gzip"',
    });
    expect(document.answer({ ...plain, acceptsGzip: true, isAuthenticated: true }).body).toBe(answer.body);
    expect(headersOf(document.answer(plain))['vary']).toBe('X-Terraform-Version, Accept-Encoding');
    expect(
      list('{}')
        .answer({ ...plain, acceptsGzip: true })
        .body?.toString(),
    ).toBe('{}');
  });

  it.each(['"abc"', 'W/"abc"', '"x", "abc"', '*', '"abc-gzip"'])(
    'answers 304 to If-None-Match: %s',
    (ifNoneMatch) => {
      const answer = list(LARGE).answer({ ...plain, ifNoneMatch });
      expect(answer).toMatchObject({ status: 304, body: null });
      expect(headersOf(answer)).toEqual({
        vary: 'X-Terraform-Version, Accept-Encoding',
        'cache-control': 'public, max-age=60',
        etag: '"abc"',
      });
    },
  );

  it('answers in full when the tag is another one', () => {
    expect(list('{}').answer({ ...plain, ifNoneMatch: '"abd"' }).status).toBe(200);
  });

  it('lets nobody store an answer with signed links, and gives it no tag', () => {
    const document = new RenderedDocument({
      status: 204,
      etag: 'abc',
      body: Buffer.from('{"location":"https://r/f"}'),
      location: 'https://r/f',
      renewAtMs: 1,
    });
    const answer = document.answer({ ...plain, ifNoneMatch: '"abc"', acceptsGzip: true });
    expect(answer).toMatchObject({ status: 204, body: null });
    expect(headersOf(answer)).toEqual({
      vary: 'X-Terraform-Version',
      'cache-control': 'no-store',
      'x-terraform-get': 'https://r/f',
    });
  });
});
