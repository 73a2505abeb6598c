import { Agent } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Azurite } from '../../../../test/support/fakes/azurite.js';
import type { Intervention, RelayedRequest } from '../../../../test/support/fakes/azurite-relay.js';
import { EgressRefused } from '../../../platform/outbound-http/outbound-http.errors.js';
import type { AzureSettings } from '../../domain/backend-settings.js';
import type { ObjectStore } from '../../object-store.js';
import { type AzurePatience, DEFAULT_PATIENCE } from './azure-blob-container.js';
import { AzureBlobObjectStore } from './azure-blob-object-store.js';

const unavailable = { name: 'ObjectStoreUnavailable', kind: 'unavailable' };

let azurite: Azurite;
let store: AzureBlobObjectStore;

beforeEach(async () => {
  azurite = await Azurite.start();
  store = storeWith({});
});
afterEach(() => azurite.stop());

function storeWith(settings: Partial<AzureSettings>, patience?: AzurePatience): AzureBlobObjectStore {
  return new AzureBlobObjectStore({ ...azurite.settings, ...settings }, azurite.connections, patience);
}
const put = (path: string, text: string) => store.put(path, Buffer.from(text));
const text = async (path: string) => (await buffer((await store.get(path)).stream)).toString();

/** Does something else with the requests that match, until told otherwise. */
function fail(fault: Intervention, matches: (request: RelayedRequest) => boolean = () => true): void {
  azurite.relay.rule = (request) => (matches(request) ? fault : undefined);
}

describe('reading from Azure', () => {
  it('is one request, also for a part', async () => {
    await put('a', '0123456789');
    azurite.relay.asked.length = 0;
    await buffer((await store.get('a')).stream);
    await buffer((await store.get('a', { start: 2, end: 4 })).stream);
    expect(azurite.relay.asked).toHaveLength(2);
  });

  it.each<[string, Intervention]>([
    ['shorter than it says', { damage: { kind: 'short', share: 0.5 } }],
    ['a part instead of the whole', { answered: { 'content-range': 'bytes 0-9/20' } }],
    ['another part', { answered: { 'content-range': 'bytes 0-2/10' } }],
    ['a part of another length', { answered: { 'content-range': 'bytes 2-5/10' } }],
    ['the whole instead of a part', { status: 200, headers: { etag: '"1"' }, body: '0123456789' }],
    ['no word about which part it is', { answered: { 'content-range': undefined } }],
  ])('is unavailable when the answer is %s', async (_title, fault) => {
    await put('a', '0123456789');
    fail(fault);
    await expect(store.get('a', { start: 2, end: 4 })).rejects.toMatchObject(unavailable);
  });

  it('is unavailable when the blob became shorter between two answers', async () => {
    await put('a', '0123456789');
    let isFirst = true;
    azurite.relay.rule = ({ method }) => {
      if (method !== 'GET' || !isFirst) return undefined;
      isFirst = false;
      return { before: async () => replace('a', 'short') };
    };
    await expect(store.get('a', { suffix: 3 })).rejects.toMatchObject(unavailable);
  });

  it.each<[string, Intervention]>([
    ['ends too early', { damage: { kind: 'cut', share: 0.3 } }],
    ['stops coming', { damage: { kind: 'stall', share: 0.3 } }],
  ])('fails in the middle when the blob %s, and asks nothing more', async (_title, fault) => {
    await store.put('a', Buffer.alloc(3_000_000, 'a'));
    azurite.relay.asked.length = 0;
    fail(fault);
    const { stream, length } = await storeWith({}, { ...DEFAULT_PATIENCE, pieceMs: 300 }).get('a');
    expect(length).toBe(3_000_000);
    await expect(buffer(stream)).rejects.toMatchObject(unavailable);
    expect(azurite.relay.asked).toHaveLength(1);
  });

  it('finds the end of a range beyond all numbers', async () => {
    await put('a', '0123456789');
    const { stream } = await store.get('a', { start: 8, end: 1e30 });
    expect((await buffer(stream)).toString()).toBe('89');
    await expect(store.get('a', { start: 1e30 })).rejects.toMatchObject({ reason: 'range', size: 10 });
  });
});

describe('a link', () => {
  const link = () =>
    store.signedUrl('a', { expiresAtMs: Date.now() + 60_000, filename: 'a.zip', contentType: 'a/b' });

  // The contract has more ranges; Azure knows none that count from the end.
  it.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
  ])('opens the range %s', async (range, expected, part) => {
    await put('a', '0123456789');
    const answer = await fetch(await link(), { headers: { range } });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(part);
    expect(await answer.text()).toBe(expected);
  });

  it('is answered to HEAD', async () => {
    await put('a', '0123456789');
    const answer = await fetch(await link(), { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe('10');
  });
});

/** Every call that asks Azure. */
const calls: [string, () => Promise<unknown>][] = [
  ['put', () => put('new', 'x')],
  ['get', () => store.get('there')],
  ['get of the last bytes', () => store.get('there', { suffix: 1 })],
  ['stat', () => store.stat('there')],
  ['delete', () => store.delete('there')],
  ['list', () => all(store)],
];

describe('a failure of Azure', () => {
  it.each([
    ['BlobNotFound', 404, { name: 'ObjectNotFound' }],
    ['ContainerNotFound', 404, { reason: 'settings' }],
    ['ContainerDisabled', 409, { reason: 'settings' }],
    ['AccountIsDisabled', 403, { reason: 'settings' }],
    ['InvalidResourceName', 400, { reason: 'settings' }],
    ['AuthenticationFailed', 403, { reason: 'denied' }],
    ['AuthorizationFailure', 403, { reason: 'denied' }],
    ['AuthorizationPermissionMismatch', 403, { reason: 'denied' }],
    ['KeyBasedAuthenticationNotPermitted', 403, { reason: 'denied' }],
    ['InvalidAuthenticationInfo', 401, { reason: 'denied' }],
    ['ContainerBeingDeleted', 409, unavailable],
    ['ServerBusy', 503, unavailable],
    ['InternalError', 500, unavailable],
    ['OperationTimedOut', 500, unavailable],
    ['TooManyRequests', 429, unavailable],
    ['SomethingNew', 400, unavailable],
    ['SomethingNew', 403, unavailable],
    ['ResourceNotFound', 404, unavailable],
  ])('%s (%i) is sorted by its code, in every call', async (code, status, expected) => {
    fail({ status, headers: { 'x-ms-error-code': code } });
    for (const [name, call] of calls) {
      if (name === 'delete' && code === 'BlobNotFound') continue;
      if ((name === 'put' || name === 'list') && code === 'BlobNotFound') continue;
      await expect(call(), name).rejects.toMatchObject(expected);
    }
    const tries = code === 'BlobNotFound' ? 3 : calls.length;
    expect(azurite.relay.asked).toHaveLength(tries);
  });

  it.each([404, 403, 400, 500, 502, 503])('%i without a code is no answer of Azure', async (status) => {
    fail({ status, headers: { 'content-type': 'text/html' }, body: '<html>a proxy</html>' });
    for (const [name, call] of calls) await expect(call(), name).rejects.toMatchObject(unavailable);
  });

  it('is known by its body as well', async () => {
    const body = '<?xml version="1.0"?><Error><Code>ContainerNotFound</Code><Message>no</Message></Error>';
    fail({ status: 404, headers: { 'content-type': 'application/xml' }, body });
    await expect(all(store)).rejects.toMatchObject({ reason: 'settings' });
  });

  it('is no missing blob when the blob is archived', async () => {
    await put('archived', 'x');
    await azurite.container.getBlobClient('archived').setAccessTier('Archive');
    await expect(store.get('archived')).rejects.toMatchObject({ reason: 'denied' });
  });

  it('is no missing blob when the container is missing', async () => {
    await azurite.container.delete();
    for (const [name, call] of calls)
      await expect(call(), name).rejects.toMatchObject({ reason: 'settings' });
  });

  it('is not hidden by attempts of the SDK', async () => {
    for (const fault of ['reset', { status: 503, headers: { 'x-ms-error-code': 'ServerBusy' } }] as const) {
      azurite.relay.asked.length = 0;
      fail(fault);
      for (const [name, call] of calls) await expect(call(), name).rejects.toMatchObject(unavailable);
      expect(azurite.relay.asked).toHaveLength(calls.length);
    }
  });

  it('is silence after a while', async () => {
    store = storeWith({}, { ...DEFAULT_PATIENCE, answerMs: 100 });
    fail('silence');
    for (const [name, call] of calls) await expect(call(), name).rejects.toMatchObject(unavailable);
  });

  it('is a page that is no list', async () => {
    fail({ status: 200, headers: { 'content-type': 'application/xml' }, body: '<EnumerationResults' });
    await expect(all(store)).rejects.toMatchObject(unavailable);
  });

  it('is told with what Azure said, and without what was sent', async () => {
    fail({ status: 403, headers: { 'x-ms-error-code': 'AuthenticationFailed', 'x-ms-request-id': 'r-1' } });
    const error = (await store.stat('a').catch((failure: Error) => failure)) as Error;
    expect(error.message).not.toContain('AuthenticationFailed');
    expect((error.cause as Error).message).toBe('Azure answered 403 AuthenticationFailed (request id r-1)');
    expect(JSON.stringify(error) + String((error.cause as Error).stack)).not.toMatch(/SharedKey|sig=/);
  });

  it.each<[string, () => Agent]>([
    [
      'by name',
      () => new Agent({ lookup: (host, _options, found) => found(new EgressRefused(host), '', 0) }),
    ],
    ['by address', () => Object.assign(new Agent(), { createConnection: refuseEgress })],
  ])('is a matter of the settings when the egress guard refuses %s', async (_title, agent) => {
    const endpoint = azurite.settings.endpoint!.replace('127.0.0.1', 'localhost');
    const connections = { ...azurite.connections, http: agent() };
    store = new AzureBlobObjectStore({ ...azurite.settings, endpoint }, connections);
    await expect(store.stat('a')).rejects.toMatchObject({ reason: 'settings' });
  });
});

function refuseEgress(): never {
  throw new EgressRefused('127.0.0.1');
}

describe('the connections of the store', () => {
  it('are those it was given, also when the environment names a proxy', async () => {
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:9');
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:9');
    const connect = vi.spyOn(azurite.connections.http, 'createConnection');
    store = storeWith({});
    await put('a', 'x');
    expect(await text('a')).toBe('x');
    expect(connect).toHaveBeenCalled();
    vi.unstubAllEnvs();
  });

  it('tell Azure no more about the server than its name', async () => {
    await put('a', 'x');
    expect(azurite.relay.asked.map(({ headers }) => headers['user-agent'])).toEqual(['terraform-registry']);
  });
});

async function all(list: ObjectStore): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of list.list('')) paths.push(path);
  return paths;
}

async function replace(path: string, content: string): Promise<void> {
  await azurite.container.getBlockBlobClient(path).upload(content, content.length);
}
