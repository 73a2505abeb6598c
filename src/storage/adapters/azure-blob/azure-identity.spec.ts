import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeAzureIdentity } from '../../../../test/support/fakes/azure-identity.js';
import { Azurite } from '../../../../test/support/fakes/azurite.js';
import type { AzureSettings } from '../../domain/backend-settings.js';
import { AzureBlobObjectStore } from './azure-blob-object-store.js';
import { AzureIdentity } from './azure-identity.js';

const SCOPE = 'https://storage.azure.com/.default';
const LINK = { expiresAtMs: Date.now() + 60_000, filename: 'x.zip', contentType: 'application/zip' };
const VARIABLES = [
  'AZURE_CLIENT_ID',
  'AZURE_TENANT_ID',
  'AZURE_FEDERATED_TOKEN_FILE',
  'AZURE_AUTHORITY_HOST',
];

let azurite: Azurite;
let directory: string;
/** The library keeps the first metadata service that it found, so all tests have the same one. */
let metadataService: FakeAzureIdentity;
let identity: FakeAzureIdentity;
let connections = 0;

beforeAll(async () => {
  azurite = await Azurite.start({ tls: true });
  metadataService = await FakeAzureIdentity.start();
  const { http } = azurite.connections;
  const connect = http.createConnection.bind(http);
  http.createConnection = (...given) => {
    connections++;
    return connect(...given);
  };
  directory = await mkdtemp(join(tmpdir(), 'azure-identity-'));
});
afterAll(async () => {
  await azurite.stop();
  await metadataService.stop();
  await rm(directory, { recursive: true, force: true });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  if (identity !== metadataService) await identity.stop();
});

/** The environment of a pod in which the webhook of workload identity put its variables. */
async function workloadIdentity(): Promise<void> {
  identity = await FakeAzureIdentity.start(azurite.tls);
  const tokenFile = join(directory, 'token');
  await writeFile(tokenFile, 'token-of-the-cluster\n');
  vi.stubEnv('AZURE_CLIENT_ID', identity.clientId);
  vi.stubEnv('AZURE_TENANT_ID', identity.tenantId);
  vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', tokenFile);
  vi.stubEnv('AZURE_AUTHORITY_HOST', identity.origin);
}

/** The environment of a virtual machine with a metadata service. */
async function virtualMachine(): Promise<void> {
  identity = metadataService;
  identity.refusal = undefined;
  identity.requests.length = 0;
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
  vi.stubEnv('AZURE_POD_IDENTITY_AUTHORITY_HOST', identity.origin);
}

function settingsFor(authMethod: AzureSettings['authMethod']): AzureSettings {
  const { AZURE_CLIENT_ID: clientId, AZURE_FEDERATED_TOKEN_FILE: federatedTokenFile } = process.env;
  const platformIdentity = { clientId, federatedTokenFile };
  return { ...azurite.settings, accountKey: undefined, authMethod, platformIdentity };
}
const open = (authMethod: AzureSettings['authMethod'], answerMs = 10_000) =>
  new AzureIdentity(settingsFor(authMethod), azurite.connections, answerMs);

describe.each([
  ['workload_identity' as const, workloadIdentity],
  ['managed_identity' as const, virtualMachine],
])('a store with %s', (method, prepare) => {
  it('writes, reads, lists and removes with a token', async () => {
    await prepare();
    const store = new AzureBlobObjectStore(settingsFor(method), azurite.connections);
    expect(await store.put(`${method}/a`, Buffer.from('bytes'))).toBe('created');
    expect(await store.stat(`${method}/a`)).toMatchObject({ size: 5 });
    const found = [];
    for await (const { path } of store.list(`${method}/`)) found.push(path);
    expect(found).toEqual([`${method}/a`]);
    await store.delete(`${method}/a`);
    await expect(store.stat(`${method}/a`)).rejects.toMatchObject({ name: 'ObjectNotFound' });
    expect(azurite.relay.asked.at(-1)!.headers.authorization).toMatch(/^Bearer /);
  });

  it('signs links with a user delegation key that Azure accepts', async () => {
    await prepare();
    const store = new AzureBlobObjectStore(settingsFor(method), azurite.connections);
    await store.put(`${method}/linked`, Buffer.from('bytes'));
    await store.put(`${method}/other`, Buffer.from('other'));
    const link = new URL(await store.signedUrl(`${method}/linked`, LINK));
    expect(Object.fromEntries(link.searchParams)).toMatchObject({
      sp: 'r',
      sr: 'b',
      spr: 'https',
      skoid: identity.clientId,
      sktid: identity.tenantId,
    });
    expect(await statusOf(link)).toBe(200);
    expect(await statusOf(new URL(link.href.replace('/linked', '/other')))).toBe(403);
    expect(await statusOf(new URL(link.href.replace('sp=r', 'sp=rw')))).toBe(403);
  });

  it('asks for one delegation key, however many links it signs', async () => {
    await prepare();
    const store = new AzureBlobObjectStore(settingsFor(method), azurite.connections);
    const before = delegationKeys();
    await Promise.all(Array.from({ length: 20 }, () => store.signedUrl(`${method}/x`, LINK)));
    await store.signedUrl(`${method}/y`, LINK);
    expect(delegationKeys() - before).toBe(1);
  });

  it('is unavailable when it needs a delegation key and there is no connection', async () => {
    await prepare();
    const store = new AzureBlobObjectStore(settingsFor(method), azurite.connections);
    const reconnect = await azurite.relay.disconnect();
    await expect(store.signedUrl('x', LINK)).rejects.toMatchObject({ name: 'ObjectStoreUnavailable' });
    reconnect();
    expect(await store.signedUrl('x', LINK)).toContain('sig=');
  });
});

describe('a workload identity', () => {
  it('exchanges the token of the cluster for one of Entra ID', async () => {
    await workloadIdentity();
    await open('workload_identity').getToken(SCOPE);
    expect(identity.requests).toHaveLength(1);
    const [{ path, form }] = identity.requests as [(typeof identity.requests)[0]];
    expect(path).toBe(`/${identity.tenantId}/oauth2/v2.0/token`);
    expect(Object.fromEntries(form)).toMatchObject({
      client_id: identity.clientId,
      client_assertion: 'token-of-the-cluster',
      grant_type: 'client_credentials',
    });
  });

  it('is used for a managed identity too where the platform has given one', async () => {
    await workloadIdentity();
    await open('managed_identity').getToken(SCOPE);
    expect(identity.requests[0]!.form.get('client_assertion')).toBe('token-of-the-cluster');
  });

  it('is refused for good when Entra ID does not know it', async () => {
    await workloadIdentity();
    identity.refusal = {
      status: 401,
      body: { error: 'invalid_client', error_description: 'AADSTS700016: not found in the directory' },
    };
    await expect(open('workload_identity').getToken(SCOPE)).rejects.toMatchObject({ reason: 'denied' });
    expect(identity.requests).toHaveLength(1);
  });

  it.each([429, 500, 503])('is unavailable when Entra ID answers %i, which is asked once', async (status) => {
    await workloadIdentity();
    identity.refusal = { status, body: { error: 'temporarily_unavailable', error_description: 'busy' } };
    await expect(open('workload_identity').getToken(SCOPE)).rejects.toMatchObject({
      name: 'ObjectStoreUnavailable',
    });
    expect(identity.requests).toHaveLength(1);
  });

  it('is unavailable when Entra ID does not answer in time', async () => {
    await workloadIdentity();
    identity.isSilent = true;
    await expect(open('workload_identity', 100).getToken(SCOPE)).rejects.toMatchObject({
      name: 'ObjectStoreUnavailable',
    });
  });

  it('is a matter of the settings when the platform has not given one', async () => {
    await workloadIdentity();
    vi.stubEnv('AZURE_TENANT_ID', undefined);
    await expect(open('workload_identity').getToken(SCOPE)).rejects.toMatchObject({ reason: 'settings' });
  });

  it('says nothing of the token it exchanges', async () => {
    await workloadIdentity();
    identity.refusal = { status: 401, body: { error: 'invalid_client', error_description: 'unknown' } };
    const error = await open('workload_identity')
      .getToken(SCOPE)
      .catch((failure: Error) => failure);
    expect(chainOf(error as Error)).not.toContain('token-of-the-cluster');
  });
});

describe('a managed identity', () => {
  it('asks the metadata service of the machine, in the name of the user-assigned identity if there is one', async () => {
    await virtualMachine();
    vi.stubEnv('AZURE_CLIENT_ID', 'id-of-a-user-assigned-identity');
    await open('managed_identity').getToken(SCOPE);
    const { path, query, headers } = identity.requests[0]!;
    expect(path).toContain('/metadata/identity/oauth2/token');
    expect(query.get('resource')).toBe('https://storage.azure.com');
    expect(query.get('client_id')).toBe('id-of-a-user-assigned-identity');
    expect(headers['metadata']).toBe('true');
  });

  it('asks over the connections of the server', async () => {
    await virtualMachine();
    vi.stubEnv('AZURE_CLIENT_ID', 'id-of-another-identity');
    await open('managed_identity').getToken(SCOPE);
    // The store itself speaks TLS, so these are connections to the metadata service.
    expect(connections).toBeGreaterThan(0);
  });

  it('is refused for good when the machine has no such identity', async () => {
    await virtualMachine();
    vi.stubEnv('AZURE_CLIENT_ID', 'id-that-is-unknown');
    identity.refusal = {
      status: 400,
      body: { error: 'invalid_request', error_description: 'Identity not found' },
    };
    await expect(open('managed_identity').getToken(SCOPE)).rejects.toMatchObject({ reason: 'denied' });
  });

  it('is unavailable when the metadata service fails', async () => {
    await virtualMachine();
    vi.stubEnv('AZURE_CLIENT_ID', 'id-that-fails');
    identity.refusal = { status: 500, body: { error: 'server_error', error_description: 'failed' } };
    await expect(open('managed_identity').getToken(SCOPE)).rejects.toMatchObject({
      name: 'ObjectStoreUnavailable',
    });
    expect(identity.requests).toHaveLength(1);
  });
});

describe('an identity', () => {
  it('sends its token over TLS only', async () => {
    await workloadIdentity();
    const endpoint = azurite.settings.endpoint!.replace('https:', 'http:');
    expect(
      () => new AzureBlobObjectStore({ ...settingsFor('workload_identity'), endpoint }, azurite.connections),
    ).toThrow(expect.objectContaining({ reason: 'settings' }));
  });
});

const delegationKeys = () =>
  azurite.relay.asked.filter(({ url }) => url.includes('comp=userdelegationkey')).length;

function statusOf(url: URL): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent: azurite.connections.https }, (answer) => {
      answer.resume();
      resolve(answer.statusCode!);
    }).on('error', reject);
  });
}

function chainOf(error: Error): string {
  return error.cause instanceof Error ? `${error.stack}\n${chainOf(error.cause)}` : `${error.stack}`;
}
