import { describe, expect } from 'vitest';
import { attachment } from '../../src/platform/http/content-disposition.js';
import type { SignedUrlOptions } from '../../src/storage/object-store.js';
import type { ContractIt } from './contract-cases.js';
import type { StoreUnderTest } from './store-under-test.js';

/** What signed URLs open and what they do not. A store without them says so in every case. Part of `objectStoreContract`. */
export function signedUrlContract(it: ContractIt, target: () => StoreUnderTest): void {
  const put = (path: string, text: string) => target().store.put(path, Buffer.from(text));

  /** The URL of an object; undefined for a store that has none. */
  async function expectUrl(path: string, options: Partial<SignedUrlOptions> = {}): Promise<URL | undefined> {
    const signed = await target().store.signedUrl(path, {
      expiresAtMs: Date.now() + 60_000,
      filename: 'file.zip',
      contentType: 'application/zip',
      ...options,
    });
    expect(signed !== undefined, 'whether the store has signed URLs').toBe(target().signsUrls ?? false);
    return signed === undefined ? undefined : new URL(signed);
  }

  describe('a signed URL', () => {
    it('opens exactly the bytes of the object', async () => {
      await put('dir/one', '0123456789');
      const url = await expectUrl('dir/one');
      if (url) expect(await answerOf(url)).toMatchObject({ status: 200, text: '0123456789' });
    });

    it('can be used again and again', async () => {
      await put('dir/one', '0123456789');
      const url = await expectUrl('dir/one');
      if (!url) return;
      const answers = await Promise.all([answerOf(url), answerOf(url), answerOf(url)]);
      expect([...answers, await answerOf(url)].map(({ text }) => text)).toEqual(Array(4).fill('0123456789'));
    });

    it('opens an empty object', async () => {
      await put('empty', '');
      const url = await expectUrl('empty');
      if (url) expect(await answerOf(url)).toMatchObject({ status: 200, text: '' });
    });

    it.each([
      ['bytes=2-4', '234', 'bytes 2-4/10'],
      ['bytes=7-', '789', 'bytes 7-9/10'],
      ['bytes=-2', '89', 'bytes 8-9/10'],
    ])('opens the range %s', async (range, text, part) => {
      await put('dir/one', '0123456789');
      const url = await expectUrl('dir/one');
      if (!url) return;
      const answer = await answerOf(url, { headers: { range } });
      expect(answer).toMatchObject({ status: 206, text });
      expect(answer.headers.get('content-range')).toBe(part);
    });

    it.each([
      ['provider_1.0.0_linux_amd64.zip', 'application/zip'],
      ['SHA256SUMS', 'text/plain; charset=utf-8'],
      ['ünï "quoted"; x=y&z+1.tar.gz', 'application/gzip'],
    ])('saves under the filename %s with its content type', async (filename, contentType) => {
      await put('dir/one', 'x');
      const url = await expectUrl('dir/one', { filename, contentType });
      if (!url) return;
      const { headers } = await answerOf(url);
      expect(headers.get('content-disposition')).toBe(attachment(filename));
      expect(headers.get('content-type')).toBe(contentType);
    });

    it.each([
      'ünïcödé/モジュール-1.0.0.tar.gz',
      'with space/and+plus/and%25percent/a=b&c',
      'quotes/\'single\'/"double"',
      'marks/(1)!*~,;@$#?',
    ])('opens an object named %s', async (path) => {
      await put(path, 'of this name');
      const url = await expectUrl(path);
      if (url) expect(await answerOf(url)).toMatchObject({ status: 200, text: 'of this name' });
    });

    it('opens nothing under another name', async () => {
      for (const path of ['dir/one', 'dir/one2', 'dir/on', 'other']) await put(path, 'x');
      const url = await expectUrl('dir/one');
      if (!url) return;
      for (const path of ['/dir/one2', '/dir/on', '/other', '/dir/one/../../other']) {
        const other = withPath(url, url.pathname.replace(/\/dir\/one$/, path));
        expect(await answerOf(other), path).toMatchObject({ isRefused: true });
      }
    });

    it('does not survive a change or the loss of any of its parameters', async () => {
      await put('dir/one', 'x');
      const url = await expectUrl('dir/one');
      if (!url) return;
      const parameters = parametersOf(url);
      for (const [at, parameter] of parameters.entries()) {
        const others = parameters.toSpliced(at, 1);
        const changed = withParameters(url, parameters.with(at, changedValue(parameter)));
        expect(await answerOf(changed), `changed ${parameter}`).toMatchObject({ isRefused: true });
        expect(await answerOf(withParameters(url, others)), `without ${parameter}`).toMatchObject({
          isRefused: true,
        });
      }
      expect(await answerOf(withParameters(url, [])), 'without all').toMatchObject({ isRefused: true });
    });

    it('does not depend on the order of its parameters', async () => {
      await put('dir/one', 'x');
      const url = await expectUrl('dir/one');
      if (!url) return;
      const reversed = withParameters(url, parametersOf(url).reverse());
      expect(await answerOf(reversed)).toMatchObject({ status: 200, text: 'x' });
    });

    it('opens nothing when it has expired', async () => {
      await put('dir/one', 'x');
      const url = await expectUrl('dir/one', { expiresAtMs: Date.now() - 5_000 });
      if (url) expect(await answerOf(url)).toMatchObject({ isRefused: true });
    });

    it('does not list the store', async () => {
      await put('dir/one', 'x');
      const url = await expectUrl('dir/one');
      if (!url) return;
      const container = withPath(url, url.pathname.replace(/\/dir\/one$/, ''));
      for (const listing of [[], ['list-type=2'], ['restype=container', 'comp=list'], ['prefix=dir']]) {
        const list = withParameters(container, [...parametersOf(url), ...listing]);
        expect(await answerOf(list), listing.join('&')).toMatchObject({ isRefused: true });
      }
    });

    it.each(['PUT', 'DELETE', 'POST'])('changes nothing with %s', async (method) => {
      await put('dir/one', 'before');
      const url = await expectUrl('dir/one');
      if (!url) return;
      const body = method === 'DELETE' ? undefined : 'after!';
      const answer = await answerOf(url, { method, body, headers: { 'x-ms-blob-type': 'BlockBlob' } });
      expect(answer).toMatchObject({ isRefused: true });
      expect(await answerOf(url)).toMatchObject({ status: 200, text: 'before' });
    });

    it('says that there is nothing when the object is gone', async () => {
      await put('dir/one', 'x');
      const url = await expectUrl('dir/one');
      await target().store.delete('dir/one');
      if (url) expect(await answerOf(url)).toMatchObject({ status: 404, isRefused: true });
    });
  });
}

interface Answer {
  readonly status: number;
  /** Whether the store answered that it does not do this. */
  readonly isRefused: boolean;
  readonly text: string;
  readonly headers: Headers;
}

async function answerOf(url: URL, options?: RequestInit): Promise<Answer> {
  const response = await fetch(url, options);
  const { status, headers } = response;
  return { status, headers, isRefused: status >= 400 && status < 500, text: await response.text() };
}

/** The parameters of a URL as they stand there, encoded. */
function parametersOf(url: URL): string[] {
  return url.search.slice(1).split('&');
}

function withParameters(url: URL, parameters: readonly string[]): URL {
  const other = new URL(url);
  other.search = parameters.join('&');
  return other;
}

function withPath(url: URL, path: string): URL {
  const other = new URL(url);
  other.pathname = path;
  return other;
}

/** The same parameter with its first letter or digit replaced by another. */
function changedValue(parameter: string): string {
  const [name = '', value = ''] = parameter.split(/=(.*)/s);
  const first = /^((?:%[0-9a-f]{2}|[^a-z0-9])*)([a-z0-9])/i;
  const changed = value.replace(first, (_all, before: string, letter: string) => before + otherThan(letter));
  return `${name}=${changed === value ? `${value}x` : changed}`;
}

function otherThan(letter: string): string {
  if (/\d/.test(letter)) return String((Number(letter) + 1) % 10);
  return letter.toLowerCase() === 'a' ? 'b' : 'a';
}
