import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sha256Hex } from '../../../src/kernel/sha256.js';
import { SignedLink } from '../../../src/platform/crypto/signed-link.js';
import { StatementCounter } from '../../../src/platform/database/statement-counter.js';
import { LinkSource } from '../../../src/platform/documents/link-renderer.js';
import { ArtifactKey } from '../../../src/storage/artifact-key.js';
import { ArtifactStore } from '../../../src/storage/artifact-store.service.js';
import { OrphanSweep } from '../../../src/storage/orphan-sweep.service.js';
import { packTarGz } from '../../support/build-fixtures.js';
import { aModule, moduleProtocolPath } from '../../support/factories/module.factory.js';
import type { Answer } from '../../support/http-request.js';
import { TestApp } from '../../support/test-app.js';

let app: TestApp;
let small: { key: ArtifactKey; bytes: Buffer; url: string };
let large: { key: ArtifactKey; bytes: Buffer; url: string };

/** Publishes a module and says where its archive is. */
async function publish(
  bytes: Buffer,
  version: string,
): Promise<{ key: ArtifactKey; bytes: Buffer; url: string }> {
  const module = aModule({ archive: bytes, version });
  expect((await app.publishModule(module)).status).toBe(201);
  const download = await app.request(`${moduleProtocolPath(module)}/${version}/download`, { lean: true });
  const link = new URL(String(download.headers['x-terraform-get']));
  link.searchParams.delete('checksum');
  const key = ArtifactKey.parse(decodeURIComponent(link.pathname.slice('/v1/files/'.length)))!;
  return { key, bytes, url: `${link.pathname}${link.search}` };
}

beforeAll(async () => {
  app = await TestApp.start();
  small = await publish(packTarGz([{ name: 'main.tf', data: '' }]), '1.0.0');
  large = await publish(
    packTarGz([
      { name: 'main.tf', data: '' },
      { name: 'data.bin', data: randomBytes(700_000) },
    ]),
    '1.0.0',
  );
});
afterAll(() => app?.stop());

const secondsFromNow = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const signed = (keyPath: string, expires = secondsFromNow(60)) =>
  `/v1/files/${keyPath}?${app.get(SignedLink).sign(keyPath, expires)}`;

function expectFile(answer: Answer, { key, bytes }: { key: ArtifactKey; bytes: Buffer }): void {
  expect(answer.status).toBe(200);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/gzip',
    'content-length': String(bytes.length),
    'content-disposition': `attachment; filename="${key.filename}"`,
    'x-checksum-sha256': key.digest,
    etag: `"${key.digest}"`,
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
  });
  expect(answer.headers['cache-control']).toMatch(/^private, max-age=\d+$/);
  expect(answer.headers['x-request-id']).toBeTruthy();
  expect(answer.headers).not.toHaveProperty('content-encoding');
}

describe.each(['small', 'large'] as const)('a signed URL of a %s file', (which) => {
  const file = () => (which === 'small' ? small : large);

  it('opens it without a credential (checklist 16)', async () => {
    const answer = await app.request(file().url);
    expectFile(answer, file());
    expect(sha256Hex(answer.body)).toBe(file().key.digest);
  });

  it('works for GET and HEAD, again and again, with the same headers (checklist 18, 53, 54)', async () => {
    const url = signed(file().key.path);
    const answers = [];
    for (const method of ['HEAD', 'GET', 'GET', 'HEAD', 'GET'])
      answers.push(await app.request(url, { method }));
    const [first, ...others] = answers.map(({ headers }) => {
      const { date: _date, 'x-request-id': _id, 'cache-control': _cache, ...rest } = headers;
      return rest;
    });
    for (const other of others) expect(other).toEqual(first);
    for (const answer of answers) expectFile(answer, file());
    expect(answers[0]!.body).toHaveLength(0);
    expect(answers[3]!.body).toHaveLength(0);
    expect(answers[4]!.body.equals(file().bytes)).toBe(true);
  });

  it.each(['Bearer nonsense', 'Basic bmV0cmM6c2VjcmV0', 'Digest x'])(
    'works beside the header Authorization: %s (checklist 17)',
    async (authorization) => {
      expectFile(await app.request(file().url, { headers: { authorization } }), file());
    },
  );

  it('does not depend on the order of parameters, and ignores those of go-getter (checklist 19, 117)', async () => {
    const [path, query] = file().url.split('?') as [string, string];
    const reversed = query.split('&').reverse().join('&');
    for (const more of [
      reversed,
      `terraform-get=1&${reversed}`,
      `archive=tar.gz&${query}&checksum=sha256:x`,
    ]) {
      expectFile(await app.request(`${path}?${more}`), file());
    }
  });

  it('gives ranges that truly work (checklist 93)', async () => {
    const { bytes, url, key } = file();
    const part = async (range: string, more = {}) => app.request(url, { headers: { range, ...more } });
    const middle = await part('bytes=10-19');
    expect(middle.status).toBe(206);
    expect(middle.headers['content-range']).toBe(`bytes 10-19/${bytes.length}`);
    expect(middle.body.equals(bytes.subarray(10, 20))).toBe(true);
    expect((await part('bytes=-5')).body.equals(bytes.subarray(-5))).toBe(true);
    expect((await part('bytes=0-4', { 'if-range': `"${key.digest}"` })).status).toBe(206);
    expect((await part('bytes=0-4', { 'if-range': '"other"' })).status).toBe(200);
    const outside = await part(`bytes=${bytes.length}-`);
    expect(outside.status).toBe(416);
    expect(outside.headers['content-range']).toBe(`bytes */${bytes.length}`);
  });

  it('says 304 to a client that has it', async () => {
    const answer = await app.request(file().url, { headers: { 'if-none-match': `"${file().key.digest}"` } });
    expect([answer.status, answer.body.length]).toEqual([304, 0]);
  });

  it('is never compressed on the way (checklist 52)', async () => {
    const answer = await app.request(file().url, { headers: { 'accept-encoding': 'gzip, br, zstd' } });
    expectFile(answer, file());
    expect(answer.body.equals(file().bytes)).toBe(true);
  });

  it('asks the database nothing', async () => {
    const url = signed(file().key.path, secondsFromNow(90));
    const counter = app.get(StatementCounter);
    await app.request(url);
    // What runs in the background, and what is asked once a second for all requests, is none of a request: one
    // undisturbed round is proof enough.
    await vi.waitFor(
      async () => {
        const before = counter.count;
        for (let time = 0; time < 5; time++) await app.request(url);
        await app.request(signed(file().key.path, secondsFromNow(91)));
        expect(counter.count - before).toBe(0);
      },
      { timeout: 15_000 },
    );
  });

  it('is refused with 403 after its time (checklist 20, 21)', async () => {
    const answer = await app.request(signed(file().key.path, secondsFromNow(-1)));
    expect(answer.status).toBe(403);
    expect(answer.json()).toMatchObject({ error: 'URL has expired' });
  });

  it('is refused as soon as its time is over, also when it was used before', async () => {
    const url = signed(file().key.path, secondsFromNow(2));
    expect((await app.request(url)).status).toBe(200);
    expect((await app.request(url)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect((await app.request(url)).status).toBe(403);
  });

  it('repeats the request id of the client', async () => {
    const answer = await app.request(file().url, { headers: { 'x-request-id': 'my-id-1' } });
    expect(answer.headers['x-request-id']).toBe('my-id-1');
  });

  it('counts as a request of its route', async () => {
    const labels = { method: 'GET', path: '/v1/files/*', status: '200' };
    const before = await app.metric('http_requests_total', labels);
    await app.request(file().url);
    // The hook that counts runs when the answer is out, a moment after the client has it.
    await vi.waitFor(async () =>
      expect(await app.metric('http_requests_total', labels)).toBeGreaterThan(before),
    );
  });
});

describe('a file URL', () => {
  const refusal = { error: 'Invalid or missing signature' };

  it.each<[string, () => string]>([
    ['without a signature', () => `/v1/files/${small.key.path}`],
    ['with half a signature', () => `/v1/files/${small.key.path}?expires=${secondsFromNow(60)}`],
    [
      'with the signature of another file',
      () => `/v1/files/${small.key.path}?${signed(large.key.path).split('?')[1]}`,
    ],
    ['with a later expiry', () => small.url.replace(/expires=\d+/, `expires=${secondsFromNow(9_999)}`)],
    ['with a changed signature', () => small.url.replace(/signature=./, 'signature=_')],
    ['with a second signature', () => `${small.url}&signature=x`],
    ['of a file that does not exist', () => `/v1/files/${small.key.path.replace('vpc', 'other')}`],
  ])('%s is refused with 403, whether the file exists or not', async (_name, url) => {
    const answer = await app.request(url());
    expect(answer.status).toBe(403);
    expect(answer.json()).toMatchObject(refusal);
  });

  it('of an unknown key is 404 with a valid signature', async () => {
    for (const path of [
      small.key.path.replace(/[^/]*$/, 'other.tar.gz'),
      'blobs/unknown',
      'probe/readiness',
    ]) {
      const answer = await app.request(signed(path));
      expect(answer.status, path).toBe(404);
      expect(answer.json()).toMatchObject({ error: 'File not found' });
    }
  });

  it.each(['/v1/files/a//b', '/v1/files/a%5Cb', '/v1/files/a%0Ab', '/v1/files/a%00b'])(
    '%s is 400',
    async (path) => {
      expect((await app.request(path)).status).toBe(400);
    },
  );

  it('with another method is 405', async () => {
    expect((await app.request(small.url, { method: 'POST' })).status).toBe(405);
    expect((await app.request(small.url, { method: 'DELETE' })).status).toBe(405);
  });

  it('cannot be guessed (H2)', async () => {
    for (let guess = 0; guess < 1000; guess += 50) {
      const statuses = await Promise.all(
        Array.from({ length: 50 }, async () => {
          const signature = randomBytes(32).toString('base64url');
          const query = `expires=${secondsFromNow(60)}&signature=${signature}`;
          return (await app.request(`/v1/files/${small.key.path}?${query}`)).status;
        }),
      );
      expect(new Set(statuses)).toEqual(new Set([403]));
    }
  });
});

describe('a bare file URL with a credential', () => {
  const path = () => `/v1/files/${small.key.path}`;

  it('opens the file for a key that may read it, and is not kept by caches', async () => {
    const key = await app.issueKey('modules:read');
    const answer = await app.request(path(), { key });
    expect(answer.status).toBe(200);
    expect(answer.body.equals(small.bytes)).toBe(true);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect((await app.request(path(), { key, method: 'HEAD' })).status).toBe(200);
  });

  it('takes the key as a password of Basic, as netrc sends it (checklist 22)', async () => {
    const key = await app.issueKey('modules:read');
    const basic = Buffer.from(`anything:${key}`).toString('base64');
    const answer = await app.request(path(), { headers: { authorization: `Basic ${basic}` } });
    expect(answer.status).toBe(200);
  });

  it('never makes the URL work without the credential', async () => {
    const key = await app.issueKey('modules:read');
    await app.request(path(), { key });
    expect((await app.request(path())).status).toBe(403);
  });

  it('is refused as without one when the credential is not usable', async () => {
    expect((await app.request(path(), { key: 'tfr_nonsense' })).status).toBe(403);
  });

  it('says 404 for a file that does not exist', async () => {
    const key = await app.issueKey('modules:read');
    const answer = await app.request(`/v1/files/${small.key.path.replace(/[^/]*$/, 'other.tar.gz')}`, {
      key,
    });
    expect(answer.status).toBe(404);
    expect(answer.json()).toMatchObject({ error: 'File not found' });
  });

  it('says the same for a file that no visible object uses', async () => {
    const key = ArtifactKey.providerPackage(
      sha256Hex('nobody'),
      'terraform-provider-x_1.0.0_linux_amd64.zip',
    );
    const store = app.get(ArtifactStore);
    const staged = await store.stage(key, Buffer.from('nobody'));
    await store.commit(staged);
    const answer = await app.request(`/v1/files/${key.path}`, { key: await app.issueKey('providers:read') });
    expect(answer.status).toBe(404);
    await app.get(OrphanSweep).run({ graceMs: 0 });
  });
});

describe('a file that two storages hold', () => {
  it('is open to a credential that may read what uses it in either of them', async () => {
    const key = await app.issueKey('modules:read');
    await app.query(
      `INSERT INTO artifacts (storage, key, digest, size_bytes, state, committed_at)
       VALUES ('s3', $1, $2, $3, 'committed', now() + interval '1 minute')`,
      [small.key.path, small.key.digest, small.bytes.length],
    );
    try {
      expect((await app.request(`/v1/files/${small.key.path}`, { key })).status).toBe(200);
    } finally {
      await app.query(`DELETE FROM artifacts WHERE storage = 's3'`);
    }
  });
});

describe('a file in the storage', () => {
  it('may have a name that is not ASCII', async () => {
    const filename = 'größe-モジュール "1".zip';
    const key = ArtifactKey.providerPackage(sha256Hex('named'), filename);
    const store = app.get(ArtifactStore);
    await store.stage(key, Buffer.from('named'));
    const answer = await app.request(
      (await app.get(LinkSource).downloadUrl({ keyPath: key.path, isPublic: true })).url,
    );
    expect(answer.status).toBe(200);
    expect(answer.headers['content-disposition']).toBe(
      `attachment; filename="gr__e-_____ _1_.zip"; filename*=UTF-8''gr%C3%B6%C3%9Fe-${encodeURIComponent('モジュール')}%20%221%22.zip`,
    );
    await app.get(OrphanSweep).run({ graceMs: 0 });
  });
});
