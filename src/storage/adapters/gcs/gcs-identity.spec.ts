import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeGcs } from '../../../../test/support/fakes/gcs/fake-gcs.js';
import { GoogleConnections } from '../../../../test/support/fakes/gcs/google-connections.js';
import { EgressConfig } from '../../../config/egress.config.js';
import { EgressGuard } from '../../../platform/outbound-http/egress-guard.js';
import { GuardedAgents } from '../../../platform/outbound-http/guarded-agents.js';
import type { GcsSettings } from '../../domain/backend-settings.js';
import { GcsObjectStore } from './gcs-object-store.js';

let fake: FakeGcs;
let connections: GoogleConnections;
let directory: string;

beforeEach(async () => {
  fake = await FakeGcs.start();
  connections = new GoogleConnections(fake.url);
  directory = await mkdtemp(join(tmpdir(), 'gcs-identity-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  connections.close();
  await fake.stop();
  await rm(directory, { recursive: true });
});

const link = () => ({ expiresAtMs: Date.now() + 60_000, filename: 'x.zip', contentType: 'application/zip' });
const key = () => JSON.parse(fake.settings.credentialsJson ?? '') as Record<string, string>;
const settings = { name: 'ObjectStoreRejected', reason: 'settings' };
const denied = { name: 'ObjectStoreRejected', reason: 'denied' };
const unavailable = { name: 'ObjectStoreUnavailable' };

function storeWith(more: Partial<GcsSettings>): GcsObjectStore {
  return new GcsObjectStore({ ...fake.settings, credentialsJson: undefined, ...more }, connections);
}

async function fileWith(content: object | string): Promise<string> {
  const path = join(directory, randomUUID());
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

async function expectWorks(store: GcsObjectStore): Promise<void> {
  const path = `object/${randomUUID()}`;
  expect(await store.put(path, Buffer.from('text'))).toBe('created');
  expect(await store.stat(path)).toMatchObject({ size: 4 });
}

async function expectSigns(store: GcsObjectStore): Promise<void> {
  await store.put('signed', Buffer.from('text'));
  const response = await fetch((await store.signedUrl('signed', link())) ?? '');
  expect([response.status, await response.text()]).toEqual([200, 'text']);
}

describe('a service account', () => {
  it('works with its key in a file or in the settings', async () => {
    await expectWorks(storeWith({ credentialsFile: await fileWith(key()) }));
    await expectWorks(storeWith({ credentialsJson: JSON.stringify(key()) }));
  });

  it('asks for one token for many requests', async () => {
    const store = storeWith({ credentialsJson: JSON.stringify(key()) });
    await Promise.all(Array.from({ length: 10 }, (_, at) => store.put(`many/${at}`, Buffer.from('x'))));
    expect(fake.account.issued).toBe(1);
  });

  it('gets a new token when the old one is not accepted any more, once', async () => {
    const store = storeWith({ credentialsJson: JSON.stringify(key()) });
    await expectWorks(store);
    fake.account.forgetTokens();
    await Promise.all([expectWorks(store), expectWorks(store), expectWorks(store)]);
    expect(fake.account.issued).toBe(2);
  });

  it('that was taken away is refused, and works again when it is back', async () => {
    const store = storeWith({ credentialsJson: JSON.stringify(key()) });
    await expectWorks(store);
    fake.account.isRevoked = true;
    await expect(store.stat('object')).rejects.toMatchObject(settings);
    fake.account.isRevoked = false;
    await expectWorks(store);
  });

  it('whose file is replaced by a good one works from then on', async () => {
    const credentialsFile = await fileWith('{}');
    const store = storeWith({ credentialsFile });
    await expect(store.stat('object')).rejects.toMatchObject(settings);
    await writeFile(credentialsFile, JSON.stringify(key()));
    await expectWorks(store);
  });

  it.each<[string, (key: Record<string, string>) => object | string]>([
    ['no JSON', (good) => JSON.stringify(good).slice(0, -1)],
    ['no object', () => '"text"'],
    ['of a user', (good) => ({ ...good, type: 'authorized_user' })],
    ['without an address', (good) => ({ ...good, client_email: '' })],
    ['without a key', ({ private_key: _key, ...good }) => good],
    [
      'with a damaged key',
      (good) => ({ ...good, private_key: good['private_key']?.replace(/\n.{8}/, '\n') }),
    ],
  ])('with credentials that are %s is refused without a word of them', async (_name, change) => {
    const content = change(key());
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    const failure = await storeWith({ credentialsJson: text })
      .stat('object')
      .catch((error: Error) => error);
    expect(failure).toMatchObject(settings);
    const secret = key()['private_key']?.split('\n')[3] ?? 'no key';
    expect(everythingOf(failure as Error)).not.toContain(secret);
    expect(fake.calls).toEqual([]);
  });

  it('with a key of somebody else is refused', async () => {
    const other = { ...key(), client_email: 'other@project-for-tests.iam.gserviceaccount.com' };
    await expect(storeWith({ credentialsJson: JSON.stringify(other) }).stat('a')).rejects.toMatchObject(
      settings,
    );
  });

  it('without credentials, or with a file that is not there, is refused', async () => {
    const absent = storeWith({ credentialsFile: join(directory, 'absent') });
    await expect(storeWith({}).stat('a')).rejects.toMatchObject(settings);
    await expect(absent.stat('a')).rejects.toMatchObject(settings);
  });

  it.each([
    ['fails', { kind: 'status', status: 500 }, unavailable],
    ['is too busy', { kind: 'status', status: 429 }, unavailable],
    ['breaks the connection', { kind: 'reset' }, unavailable],
    ['refuses', { kind: 'status', status: 403 }, denied],
  ] as const)(
    'whose server of tokens %s is not taken for a missing object',
    async (_name, fault, expected) => {
      fake.faults.add({ ...fault, operations: ['token'] });
      await expect(storeWith({ credentialsJson: JSON.stringify(key()) }).stat('a')).rejects.toMatchObject(
        expected,
      );
      expect(fake.calls).toEqual(['token']);
    },
  );

  it('never shows a token or an assertion in an error', async () => {
    fake.faults.add({ kind: 'status', status: 400, operations: ['token'] });
    const failure = await storeWith({ credentialsJson: JSON.stringify(key()) })
      .stat('a')
      .catch((error: Error) => error);
    expect(everythingOf(failure as Error)).not.toMatch(/eyJ|assertion|Bearer/);
  });

  it('whose server of tokens may not be reached says that the settings are wrong', async () => {
    const guard = new EgressGuard({ mode: 'deny_private', allowlist: [] });
    const agents = new GuardedAgents(guard, new EgressConfig()).agents();
    const store = new GcsObjectStore({ ...fake.settings, endpoint: undefined }, agents);
    await expect(store.stat('a')).rejects.toMatchObject(settings);
    expect(fake.connections).toBe(0);
  });
});

describe('a workload identity', () => {
  const external = async (more: object = {}) => ({
    type: 'external_account',
    audience: fake.audience,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${fake.url}/v1/token`,
    service_account_impersonation_url: `${fake.url}/v1/projects/-/serviceAccounts/${fake.account.email}:generateAccessToken`,
    credential_source: { file: await fileWith(fake.subjectToken) },
    ...more,
  });
  const storeOf = async (content: object) =>
    storeWith({ authMethod: 'workload_identity', credentialsFile: await fileWith(content) });

  it('exchanges the token of another cloud for one of the account, over the connections of the server', async () => {
    await expectWorks(await storeOf(await external()));
    expect(fake.calls.slice(0, 2)).toEqual(['sts', `impersonate ${fake.account.email}`]);
    expect(connections.wanted).toHaveLength(fake.connections);
  });

  it('has URLs signed by the service that lends it the account', async () => {
    await expectSigns(await storeOf(await external()));
    expect(fake.calls).toContain(`signBlob ${fake.account.email}`);
  });

  it('that may not sign is denied', async () => {
    const store = await storeOf(await external());
    fake.faults.add({ kind: 'status', status: 403, operations: ['signBlob'] });
    await expect(store.signedUrl('a', link())).rejects.toMatchObject(denied);
  });

  it('without an account signs nothing', async () => {
    const store = await storeOf(await external({ service_account_impersonation_url: undefined }));
    await expectWorks(store);
    expect(await store.signedUrl('a', link())).toBeUndefined();
  });

  it('with a token that is not accepted is refused', async () => {
    const source = { file: await fileWith('stolen') };
    const store = await storeOf(await external({ credential_source: source }));
    await expect(store.stat('a')).rejects.toMatchObject(settings);
  });

  it('that may not use the account is denied', async () => {
    const store = await storeOf(await external());
    fake.faults.add({ kind: 'status', status: 403, operations: ['impersonate'] });
    await expect(store.stat('a')).rejects.toMatchObject(denied);
  });

  it.each([
    ['runs a program', { credential_source: { executable: { command: '/bin/true' } } }],
    ['names no source', { credential_source: {} }],
    ['is of another type', { type: 'service_account' }],
  ])('whose file %s is refused', async (_name, more) => {
    await expect((await storeOf(await external(more))).stat('a')).rejects.toMatchObject(settings);
    expect(fake.calls).toEqual([]);
  });

  it('that came over the API sends its token to Google only', async () => {
    const inline = async (more: object) =>
      storeWith({
        authMethod: 'workload_identity',
        credentialsJson: JSON.stringify(await external(more)),
      });
    const elsewhere = { token_url: 'https://sts.googleapis.com.example.com/v1/token' };
    await expect((await inline(elsewhere)).stat('a')).rejects.toMatchObject(settings);
    expect(connections.wanted).toEqual([]);
    const account = `projects/-/serviceAccounts/${fake.account.email}:generateAccessToken`;
    await expectWorks(
      await inline({
        token_url: 'https://sts.googleapis.com/v1/token',
        service_account_impersonation_url: `https://iamcredentials.googleapis.com/v1/${account}`,
      }),
    );
    expect(connections.wanted.slice(0, 2)).toEqual(['sts.googleapis.com', 'iamcredentials.googleapis.com']);
  });

  it('of a machine without a file is that of its metadata server, and Google signs for it', async () => {
    vi.stubEnv('GCE_METADATA_HOST', new URL(fake.url).host);
    vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
    const store = storeWith({ authMethod: 'workload_identity' });
    await expectWorks(store);
    await expectSigns(store);
    expect(fake.calls).toContain('metadata instance/service-accounts/default/token');
    expect(connections.wanted).toContain('iamcredentials.googleapis.com');
  });
});

describe('the default credentials', () => {
  const machine = (variables: Record<string, string>) => {
    vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '');
    vi.stubEnv('CLOUDSDK_CONFIG', directory);
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    return storeWith({ authMethod: 'default', projectId: undefined });
  };

  it('are those of the file in the environment', async () => {
    const store = machine({ GOOGLE_APPLICATION_CREDENTIALS: await fileWith(key()) });
    await expectWorks(store);
    await expectSigns(store);
    expect(connections.wanted).toHaveLength(fake.connections - 1);
  });

  it('are those of the metadata server on a machine of Google', async () => {
    const store = machine({
      METADATA_SERVER_DETECTION: 'assume-present',
      GCE_METADATA_HOST: new URL(fake.url).host,
    });
    await expectWorks(store);
    await expectSigns(store);
  });

  it('of a user sign nothing', async () => {
    const user = { type: 'authorized_user', client_id: 'a', client_secret: 'b', refresh_token: 'c' };
    const store = machine({ GOOGLE_APPLICATION_CREDENTIALS: await fileWith(user) });
    expect(await store.signedUrl('a', link())).toBeUndefined();
  });

  it('that are not there are none for an emulator: requests carry no token, and URLs are not signed', async () => {
    const store = machine({});
    await expect(store.stat('a')).rejects.toMatchObject(denied);
    expect(fake.calls).toContain('stat a');
    expect(await store.signedUrl('a', link())).toBeUndefined();
  });

  it('that are not there are wrong settings at Google', async () => {
    machine({});
    const store = storeWith({ authMethod: 'default', endpoint: undefined });
    await expect(store.stat('a')).rejects.toMatchObject(settings);
    expect(connections.wanted).toEqual([]);
  });
});

/** An error with everything that a log could print of it. */
function everythingOf(error: Error): string {
  const parts = [error.message, error.stack, JSON.stringify({ ...error })];
  return parts.join('\n') + (error.cause instanceof Error ? everythingOf(error.cause) : '');
}
