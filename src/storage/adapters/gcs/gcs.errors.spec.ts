import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeGcs } from '../../../../test/support/fakes/gcs/fake-gcs.js';
import { plainConnections } from '../../../../test/support/store-connections.js';
import { ObjectNotFound } from '../../object-store.errors.js';
import { GcsLoginFailed, GcsRefusal, sortedError } from './gcs.errors.js';
import { GcsObjectStore } from './gcs-object-store.js';

const DENIED = 'denied';
const SETTINGS = 'settings';
const UNAVAILABLE = 'unavailable';

function kindOf(error: Error): string {
  return (error as { reason?: string }).reason ?? (error as { kind?: string }).kind ?? error.name;
}

describe('a refusal of Google Cloud Storage', () => {
  it.each([
    [400, 'invalid', 'Invalid bucket name', SETTINGS],
    [400, 'invalid', `Provided MD5 hash "a" doesn't match calculated MD5 hash "b".`, UNAVAILABLE],
    [401, 'authError', 'Invalid Credentials', DENIED],
    [403, 'forbidden', 'does not have storage.objects.create access', DENIED],
    [403, 'accountDisabled', 'The account is disabled', DENIED],
    [403, 'rateLimitExceeded', 'Too many requests', UNAVAILABLE],
    [403, 'userRateLimitExceeded', 'Too many requests', UNAVAILABLE],
    [403, 'quotaExceeded', 'Quota exceeded', UNAVAILABLE],
    [404, 'notFound', 'The specified bucket does not exist.', SETTINGS],
    [301, undefined, 'Status 301', UNAVAILABLE],
    [408, undefined, 'Status 408', UNAVAILABLE],
    [409, 'conflict', 'Concurrent change', UNAVAILABLE],
    [412, 'conditionNotMet', 'Pre-condition', UNAVAILABLE],
    [429, 'rateLimitExceeded', 'Too many requests', UNAVAILABLE],
    [500, 'backendError', 'Backend Error', UNAVAILABLE],
    [502, undefined, 'Status 502', UNAVAILABLE],
    [503, 'backendError', 'Backend Error', UNAVAILABLE],
    [599, undefined, 'something new', UNAVAILABLE],
  ])('%i %s (%s) is %s', (status, reason, message, expected) => {
    expect(kindOf(sortedError(new GcsRefusal(status, reason, message), 'get'))).toBe(expected);
  });

  it.each([
    [400, undefined, SETTINGS],
    [401, undefined, SETTINGS],
    [403, undefined, DENIED],
    [404, undefined, SETTINGS],
    [408, undefined, UNAVAILABLE],
    [429, undefined, UNAVAILABLE],
    [500, undefined, UNAVAILABLE],
    [undefined, 'ECONNREFUSED', UNAVAILABLE],
    [undefined, undefined, UNAVAILABLE],
    [undefined, 'egress_refused', SETTINGS],
  ])('by the server of tokens, %s %s, is %s', (status, code, expected) => {
    expect(kindOf(sortedError(new GcsLoginFailed(status, code, 'why'), 'get'))).toBe(expected);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'ENOSPC', 'something new'])(
    'of the network, %s, is unavailable, without a word about the address',
    (code) => {
      const error = sortedError(Object.assign(new Error(`${code} storage.example.com`), { code }), 'get');
      expect(kindOf(error)).toBe(UNAVAILABLE);
      expect(error.message).not.toContain('example.com');
    },
  );

  it('that was sorted already stays as it is', () => {
    const error = new ObjectNotFound();
    expect(sortedError(error, 'get')).toBe(error);
  });
});

describe('a store that is asked for what is not there', () => {
  let fake: FakeGcs;
  let store: GcsObjectStore;

  beforeEach(async () => {
    fake = await FakeGcs.start();
    store = new GcsObjectStore(fake.settings, plainConnections());
  });
  afterEach(() => fake.stop());

  it('looks for the bucket before it says so', async () => {
    await expect(store.get('absent')).rejects.toMatchObject({ name: 'ObjectNotFound' });
    await expect(store.stat('absent')).rejects.toMatchObject({ name: 'ObjectNotFound' });
    await store.delete('absent');
    expect(fake.calls.filter((call) => call === 'list')).toHaveLength(3);
  });

  it('says nothing about the object when the bucket cannot be asked for', async () => {
    fake.faults.add({ kind: 'status', status: 503, operations: ['list'] });
    const unavailable = { name: 'ObjectStoreUnavailable' };
    await expect(store.get('absent')).rejects.toMatchObject(unavailable);
    await expect(store.stat('absent')).rejects.toMatchObject(unavailable);
    await expect(store.delete('absent')).rejects.toMatchObject(unavailable);
  });

  it('says that the name of the bucket is wrong', async () => {
    const other = new GcsObjectStore({ ...fake.settings, bucket: 'another-bucket' }, plainConnections());
    await expect(other.get('a')).rejects.toMatchObject({ reason: SETTINGS });
    await expect(other.put('a', Buffer.from('x'))).rejects.toMatchObject({ reason: SETTINGS });
  });

  it('says that rights are missing', async () => {
    fake.refusal = { status: 403, reason: 'forbidden' };
    await expect(store.get('a')).rejects.toMatchObject({ reason: DENIED });
    await expect(store.put('a', Buffer.from('x'))).rejects.toMatchObject({ reason: DENIED });
  });

  it('takes what is no answer of the service for no empty list', async () => {
    const { url } = fake;
    const restart = await fake.disconnect();
    const { createServer } = await import('node:http');
    const proxy = createServer((request, response) => {
      const isToken = request.url === '/token';
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify(isToken ? { access_token: 'x', expires_in: 60, token_type: 'Bearer' } : {}),
      );
    });
    await new Promise<void>((done) => proxy.listen(Number(new URL(url).port), '127.0.0.1', done));
    await expect(store.list('')[Symbol.asyncIterator]().next()).rejects.toMatchObject({ kind: UNAVAILABLE });
    proxy.closeAllConnections();
    await new Promise((done) => proxy.close(done));
    await restart();
  });
});
