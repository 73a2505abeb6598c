import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeS3 } from '../../../../test/support/fakes/s3/fake-s3.js';
import { plainConnections } from '../../../../test/support/store-connections.js';
import type { S3Settings } from '../../domain/backend-settings.js';
import { S3ObjectStore } from './s3-object-store.js';

const ROLE = {
  arn: 'arn:aws:iam::123456789012:role/registry',
  externalId: 'test-external-id',
  webIdentityToken: 'test-only.web-identity.token',
};
const HOUR_MS = 3_600_000;

let fake: FakeS3;
let directory: string;
let connections: ReturnType<typeof plainConnections>;

beforeEach(async () => {
  fake = await FakeS3.start({ role: ROLE });
  directory = await mkdtemp(join(tmpdir(), 's3-credentials-'));
  connections = plainConnections();
});
afterEach(async () => {
  vi.useRealTimers();
  connections.http.destroy();
  await fake.stop();
  await rm(directory, { recursive: true });
});

function storeWith(settings: Partial<S3Settings>): S3ObjectStore {
  return new S3ObjectStore({ ...fake.settings, ...settings }, connections);
}

async function storeWithToken(token: string): Promise<S3ObjectStore> {
  const webIdentityTokenFile = join(directory, 'token');
  await writeFile(webIdentityTokenFile, token);
  return storeWith({
    authMethod: 'oidc',
    accessKeyId: undefined,
    secretAccessKey: undefined,
    roleArn: ROLE.arn,
    roleSessionName: 'registry',
    webIdentityTokenFile,
  });
}

const assumed = (externalId = ROLE.externalId, roleArn = ROLE.arn) =>
  storeWith({ authMethod: 'assume_role', roleArn, roleSessionName: 'registry', externalId });
const sessions = () => fake.calls.filter((call) => call === 'AssumeRole').length;
/** Moves the clock of client and server forward. */
const later = (minutes: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + minutes * 60_000 });
const link = (expiresAtMs: number) => ({ expiresAtMs, filename: 'x.zip', contentType: 'application/zip' });

describe('a key of the settings', () => {
  it('is used as it is, and asks nobody', async () => {
    fake.accounts.role = undefined;
    await storeWith({}).put('a/b', Buffer.from('x'));
    expect(fake.calls).toEqual(['PutObject a/b']);
  });

  it('is refused as a setting when the bucket does not know it', async () => {
    const unknown = storeWith({ accessKeyId: 'AKIAUNKNOWN' });
    await expect(unknown.stat('a/b')).rejects.toMatchObject({ reason: 'denied' });
    await expect(unknown.get('a/b')).rejects.toMatchObject({ reason: 'settings' });
    const wrong = storeWith({ secretAccessKey: 'test-only-wrong-secret' });
    await expect(wrong.get('a/b')).rejects.toMatchObject({ reason: 'settings' });
  });

  it('is not enough without its secret', () => {
    expect(() => storeWith({ secretAccessKey: undefined })).toThrow('does not accept its settings');
  });

  it('is refused where only a session is let in', async () => {
    await expect(storeWith({}).put('a/b', Buffer.from('x'))).rejects.toMatchObject({ reason: 'denied' });
  });
});

describe('a role that is assumed', () => {
  it('gives a session that is used for everything, and asked for once', async () => {
    const store = assumed();
    await Promise.all(['a', 'b', 'c'].map((path) => store.put(path, Buffer.from('x'))));
    expect(fake.kept()).toEqual(['a', 'b', 'c']);
    expect(sessions()).toBe(1);
  });

  it('needs its external id', async () => {
    await expect(assumed('other').put('a', Buffer.from('x'))).rejects.toMatchObject({
      name: 'ObjectStoreRejected',
      reason: 'denied',
    });
    expect(fake.kept()).toEqual([]);
  });

  it('needs the right name', async () => {
    const other = assumed(ROLE.externalId, 'arn:aws:iam::123456789012:role/other');
    await expect(other.put('a', Buffer.from('x'))).rejects.toMatchObject({ reason: 'denied' });
  });

  it('signs URLs that carry the session', async () => {
    const store = assumed();
    await store.put('a', Buffer.from('bytes'));
    const url = await store.signedUrl('a', link(Date.now() + 60_000));
    expect(new URL(url).searchParams.get('X-Amz-Security-Token')).toBeTruthy();
    expect(await (await fetch(url)).text()).toBe('bytes');
  });

  it('is assumed anew while the session still lasts a little', async () => {
    const store = assumed();
    await store.put('a', Buffer.from('x'));
    later(54);
    await store.stat('a');
    expect(sessions()).toBe(1);
    later(2);
    await store.stat('a');
    expect(sessions()).toBe(2);
  });

  it('is assumed anew for URLs that outlive the session, but not for each of them', async () => {
    const store = assumed();
    fake.accounts.sessionSeconds = 1200;
    const sign = () => store.signedUrl('a', link(Date.now() + HOUR_MS));
    await sign();
    await sign();
    expect(sessions()).toBe(1);
    later(2);
    await sign();
    expect(sessions()).toBe(2);
  });
});

describe('a web identity', () => {
  it('gives a session', async () => {
    const store = await storeWithToken(ROLE.webIdentityToken);
    expect(await store.put('a', Buffer.from('x'))).toBe('created');
    expect(sessions()).toBe(1);
  });

  it('is refused with another token', async () => {
    const store = await storeWithToken('test-only.other.token');
    await expect(store.put('a', Buffer.from('x'))).rejects.toMatchObject({ reason: 'denied' });
  });

  it('is read from its file when it is needed', async () => {
    const store = await storeWithToken('test-only.old.token');
    await expect(store.stat('a')).rejects.toMatchObject({ reason: 'denied' });
    await writeFile(join(directory, 'token'), ROLE.webIdentityToken);
    expect(await store.put('a', Buffer.from('x'))).toBe('created');
  });

  it('is unavailable while its file is missing', async () => {
    const store = await storeWithToken(ROLE.webIdentityToken);
    await rm(join(directory, 'token'));
    await expect(store.stat('a')).rejects.toMatchObject({ name: 'ObjectStoreUnavailable' });
  });
});

describe('credentials that cannot be had', () => {
  it('make the store unavailable while STS fails', async () => {
    fake.faults.add({ kind: 'status', status: 503, operations: ['AssumeRole'] });
    await expect(assumed().put('a', Buffer.from('x'))).rejects.toMatchObject({
      name: 'ObjectStoreUnavailable',
    });
  });

  it('do not matter while those that are held still work', async () => {
    const store = assumed();
    fake.accounts.sessionSeconds = 240;
    await store.put('a', Buffer.from('x'));
    fake.faults.add({ kind: 'reset', operations: ['AssumeRole'] });
    expect(await store.stat('a')).toMatchObject({ size: 1 });
    const url = await store.signedUrl('a', link(Date.now() + HOUR_MS));
    expect((await fetch(url)).status).toBe(200);
  });
});
