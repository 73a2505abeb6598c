import { Storage } from '@google-cloud/storage';
import { GoogleAuth, JWT, type JWTInput } from 'google-auth-library';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeGcs } from '../../../../test/support/fakes/gcs/fake-gcs.js';
import { plainConnections } from '../../../../test/support/store-connections.js';
import { attachment } from '../../../platform/http/content-disposition.js';
import { GcsObjectStore } from './gcs-object-store.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const WEEK_SECONDS = (7 * DAY_MS) / 1000;

let fake: FakeGcs;
let store: GcsObjectStore;

beforeEach(async () => {
  fake = await FakeGcs.start();
  store = new GcsObjectStore(fake.settings, plainConnections());
});
afterEach(async () => {
  vi.useRealTimers();
  await fake.stop();
});

async function urlFor(expiresAtMs: number, of = store): Promise<URL> {
  const options = { expiresAtMs, filename: 'x 1.zip', contentType: 'application/zip' };
  return new URL((await of.signedUrl('dir/x', options)) ?? '');
}

/** From when until when the signature is valid, in milliseconds since 1970. */
function lifeOf({ searchParams }: URL): { start: number; end: number } {
  const date = searchParams.get('X-Goog-Date') ?? '';
  const start = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  return { start, end: start + Number(searchParams.get('X-Goog-Expires')) * 1000 };
}

describe('a signed URL of Google Cloud Storage', () => {
  const now = Date.parse('2026-11-22T10:00:00.400Z');
  const second = Math.floor(now / 1000) * 1000;
  beforeEach(() => void vi.useFakeTimers({ now, toFake: ['Date'] }));

  it('ends when it was said, and began five minutes before it was made', async () => {
    const end = second + 15 * MINUTE_MS;
    expect(lifeOf(await urlFor(end))).toEqual({ start: second - 5 * MINUTE_MS, end });
  });

  it('begins later when it would live longer than a week otherwise', async () => {
    const end = second + 7 * DAY_MS - MINUTE_MS;
    expect(lifeOf(await urlFor(end))).toEqual({ start: second - MINUTE_MS, end });
  });

  it('ends after a week at the latest', async () => {
    const url = await urlFor(second + 30 * DAY_MS);
    expect(lifeOf(url)).toEqual({ start: second, end: second + 7 * DAY_MS });
    expect(url.searchParams.get('X-Goog-Expires')).toBe(String(WEEK_SECONDS));
  });

  it('that was asked for too late is over', async () => {
    const end = second - DAY_MS;
    expect(lifeOf(await urlFor(end))).toEqual({ start: end - 5 * MINUTE_MS, end });
  });

  it('is the one that the SDK makes at Google', async () => {
    const google = new GcsObjectStore({ ...fake.settings, endpoint: undefined }, plainConnections());
    const ours = await urlFor(second + 15 * MINUTE_MS, google);
    const auth = new GoogleAuth();
    const key = JSON.parse(fake.settings.credentialsJson ?? '') as JWTInput;
    auth.jsonContent = key;
    auth.cachedCredential = new JWT({ email: key.client_email, key: key.private_key });
    const sdk = new Storage({ authClient: auth });
    const [theirs] = await sdk
      .bucket(fake.settings.bucket)
      .file('dir/x')
      .getSignedUrl({
        version: 'v4',
        action: 'read',
        accessibleAt: second - 5 * MINUTE_MS,
        expires: second + 15 * MINUTE_MS,
        responseDisposition: attachment('x 1.zip'),
        responseType: 'application/zip',
      });
    expect([...ours.searchParams].sort()).toEqual([...new URL(theirs).searchParams].sort());
    expect(ours.origin + ours.pathname).toBe(theirs.split('?')[0]);
  });

  it('names the account, the host, the file and its type, and no more', async () => {
    const { searchParams, origin, pathname } = await urlFor(now + MINUTE_MS);
    expect(origin + pathname).toBe(`${fake.url}/${fake.settings.bucket}/dir/x`);
    expect(Object.fromEntries(searchParams)).toEqual({
      'X-Goog-Algorithm': 'GOOG4-RSA-SHA256',
      'X-Goog-Credential': `${fake.account.email}/20261122/auto/storage/goog4_request`,
      'X-Goog-Date': '20261122T095500Z',
      'X-Goog-Expires': '360',
      'X-Goog-SignedHeaders': 'host',
      'X-Goog-Signature': expect.stringMatching(/^[0-9a-f]{512}$/) as string,
      'response-content-disposition': `attachment; filename="x 1.zip"; filename*=UTF-8''x%201.zip`,
      'response-content-type': 'application/zip',
    });
  });

  it('leads to Google unless an endpoint is set', async () => {
    const google = new GcsObjectStore({ ...fake.settings, endpoint: undefined }, plainConnections());
    const { origin } = await urlFor(now + MINUTE_MS, google);
    expect(origin).toBe('https://storage.googleapis.com');
  });

  it('is made without asking anybody where there is a private key', async () => {
    await urlFor(now + MINUTE_MS);
    expect(fake.connections).toBe(0);
  });
});

describe('an object behind a signed URL', () => {
  it('can be asked for its size', async () => {
    await store.put('dir/x', Buffer.from('0123456789'));
    const response = await fetch(await urlFor(Date.now() + MINUTE_MS), { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length')]).toEqual([200, '10']);
  });

  it('is closed to a signature of another account', async () => {
    await store.put('dir/x', Buffer.from('x'));
    const url = await urlFor(Date.now() + MINUTE_MS);
    const credential = url.searchParams.get('X-Goog-Credential') ?? '';
    url.searchParams.set('X-Goog-Credential', credential.replace('registry@', 'other@'));
    expect((await fetch(url)).status).toBe(403);
  });
});
