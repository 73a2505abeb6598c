import * as openpgp from 'openpgp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testSigner, type TestSigner } from '../../../../../support/build-fixtures.js';
import { uniqueName } from '../../../../../support/factories/names.js';
import {
  aProvider,
  aSignedRelease,
  oneOf,
  providerApiPath,
  providerProtocolPath,
} from '../../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { anUuid, aTime, expectApiError, expectProtocolError } from '../../../support/expectations.js';
import { serveRelease } from '../../../support/served-release.js';

interface Key {
  id: string;
  fingerprint: string;
  key_id: string;
  ascii_armor: string;
  state: string;
}

const NOT_REGISTERED = 'Invalid GPG public key: not registered for this namespace';

describe('/api/v1/namespaces/{name}/signing-keys', () => {
  let app: TestApp;
  let adminKey: string;
  let signer: TestSigner;
  let stranger: TestSigner;

  beforeAll(async () => {
    [app, signer, stranger] = await Promise.all([TestApp.start(), testSigner(), testSigner()]);
    adminKey = await app.issueKey('admin');
  });
  afterAll(() => app?.stop());

  /** A namespace with something in it. */
  async function aNamespace(): Promise<string> {
    const namespace = uniqueName('keys');
    expect((await app.publishProvider(aProvider({ namespace }))).status).toBe(201);
    return namespace;
  }
  const pathOf = (namespace: string) => `/api/v1/namespaces/${namespace}/signing-keys`;
  const add = (namespace: string, armor: string, key = adminKey) =>
    app.request(pathOf(namespace), { method: 'POST', key, json: { ascii_armor: armor } });
  const list = async (namespace: string) =>
    (await app.request(pathOf(namespace))).json<{ keys: Key[] }>().keys;
  const revoke = (namespace: string, id: string, json: unknown, key = adminKey) =>
    app.request(`${pathOf(namespace)}/${id}/revoke`, { method: 'POST', key, json });

  it('registers keys and lists them, oldest first', async () => {
    const namespace = await aNamespace();
    expect(await list(namespace)).toEqual([]);
    const answer = await add(namespace, signer.publicKey);
    expect(answer.status).toBe(201);
    const fingerprint = (await openpgp.readKey({ armoredKey: signer.publicKey }))
      .getFingerprint()
      .toUpperCase();
    const first = {
      id: anUuid,
      fingerprint,
      key_id: fingerprint.slice(-16),
      ascii_armor: expect.stringMatching(/^-----BEGIN PGP PUBLIC KEY BLOCK-----/),
      state: 'active',
      created_at: aTime,
    };
    expect(answer.json()).toEqual(first);
    await add(namespace, stranger.publicKey);
    const keys = await list(namespace);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toEqual(answer.json());
    const again = await add(namespace, signer.publicKey);
    expect(again.json()['id']).toBe(keys[0]!.id);
    expect(await list(namespace)).toHaveLength(2);
  });

  it('counts only registered keys once there is one (checklist 80)', async () => {
    const namespace = await aNamespace();
    const before = await aSignedRelease(stranger, { namespace });
    expect((await app.publishRelease(before)).status, 'nothing registered yet').toBe(201);
    await add(namespace, signer.publicKey);

    const foreign = await aSignedRelease(stranger, { namespace });
    expectApiError(await app.publishRelease(foreign), 400, NOT_REGISTERED);
    const keyless = await app.publishRelease({ ...foreign, publicKey: undefined });
    expectApiError(keyless, 400, /^Invalid checksums: /);

    const own = await aSignedRelease(signer, { namespace });
    expect((await app.publishRelease({ ...own, publicKey: undefined })).status).toBe(201);
    const served = await serveRelease(app, own);
    expect(served.document.signing_keys.gpg_public_keys[0]!.key_id).toBe((await list(namespace))[0]!.key_id);
    const named = await aSignedRelease(signer, { namespace });
    expect((await app.publishRelease(named)).status).toBe(201);
    const unsigned = await app.publishProvider(aProvider({ namespace }));
    expect(unsigned.json()).toMatchObject({ signed: false });
    await serveRelease(app, before);
  });

  it('knows a namespace in every spelling', async () => {
    const namespace = await aNamespace();
    await add(namespace.toUpperCase(), signer.publicKey);
    expect(await list(namespace.replace('-', '_'))).toHaveLength(1);
    const foreign = await aSignedRelease(stranger, { namespace });
    expectApiError(await app.publishRelease(foreign), 400, NOT_REGISTERED);
  });

  it.each<[string, () => Promise<string>]>([
    ['nonsense', async () => 'nonsense'],
    [
      'a key that clients cannot read',
      async () =>
        (await openpgp.generateKey({ type: 'curve25519', userIDs: [{ name: 'x' }], format: 'armored' }))
          .publicKey,
    ],
  ])('refuses %s with 400 (checklist 81, 82)', async (_what, make) => {
    const namespace = await aNamespace();
    expectApiError(await add(namespace, await make()), 400, /^Invalid GPG public key: /);
    expect(await list(namespace)).toEqual([]);
  });

  it('shows an expired key as such, and takes what it signed in time (checklist 85)', async () => {
    const namespace = await aNamespace();
    const day = 86_400_000;
    const { privateKey, publicKey } = await openpgp.generateKey({
      type: 'ecc',
      curve: 'ed25519Legacy',
      userIDs: [{ name: 'Test only' }],
      subkeys: [],
      date: new Date(Date.now() - 10 * day),
      keyExpirationTime: (5 * day) / 1000,
      format: 'object',
    });
    const answer = await add(namespace, publicKey.armor());
    expect(answer.json()).toMatchObject({ state: 'expired' });
    const sign = async (data: Buffer | string): Promise<Buffer> => {
      const message = await openpgp.createMessage({ binary: Buffer.from(data as string) });
      const date = new Date(Date.now() - 7 * day);
      const options = { message, signingKeys: privateKey, detached: true, format: 'binary', date } as const;
      return Buffer.from((await openpgp.sign(options)) as Uint8Array);
    };
    const release = await aSignedRelease({ publicKey: publicKey.armor(), sign }, { namespace });
    expect((await app.publishRelease(release)).status).toBe(201);
  });

  it('revokes a key: it counts for nothing new, what it signed is still served', async () => {
    const namespace = await aNamespace();
    const { id } = (await add(namespace, signer.publicKey)).json<Key & Record<string, unknown>>();
    const release = await aSignedRelease(signer, { namespace });
    expect((await app.publishRelease(release)).status).toBe(201);

    const answer = await revoke(namespace, id, { reason: 'Left the company', compromised: false });
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ id, state: 'revoked' });
    expect(await list(namespace)).toMatchObject([{ id, state: 'revoked' }]);
    await serveRelease(app, release);

    const next = await aSignedRelease(signer, { namespace });
    expectApiError(await app.publishRelease(next), 400, NOT_REGISTERED);
    expect((await app.publishRelease({ ...next, publicKey: undefined })).status).toBe(400);
    const foreign = await aSignedRelease(stranger, { namespace });
    expect((await app.publishRelease(foreign)).status, 'no key counts by being sent').toBe(400);
    expectApiError(await add(namespace, signer.publicKey), 409, /revoked/);
    await add(namespace, stranger.publicKey);
    expect((await app.publishRelease(foreign)).status).toBe(201);
  });

  it('quarantines what a compromised key signed, at once, in both forms and in two processes (checklist 87)', async () => {
    const namespace = await aNamespace();
    const { id } = (await add(namespace, signer.publicKey)).json<Key & Record<string, unknown>>();
    const release = await aSignedRelease(signer, { namespace });
    expect((await app.publishRelease(release)).status).toBe(201);
    const next = aProvider({ namespace, type: release.type, version: '2.0.0' });
    expect((await app.publishProvider(next)).status).toBe(201);
    const second = await app.another();
    try {
      await serveRelease(second, release);
      expect((await revoke(namespace, id, { reason: 'Stolen', compromised: true })).status).toBe(200);
      const path = `${providerProtocolPath(release)}/1.0.0/download/linux/amd64`;
      for (const lean of [true, false]) {
        const download = await app.request(path, { lean });
        expect(download.status).toBe(410);
        expect(download.json<{ error: string }>().error).toMatch(/ is compromised$/);
        expect(download.reason).toBe(download.json<{ error: string }>().error);
        const versions = await app.request(`${providerProtocolPath(release)}/versions`, { lean });
        expect(versions.json<{ versions: object[] }>().versions).toMatchObject([{ version: '2.0.0' }]);
      }
      const statusOf = async () => (await second.request(path, { lean: true })).status;
      await expect.poll(statusOf, { timeout: 2_000 }).toBe(410);
      expect((await app.request(providerApiPath(release))).json()).toMatchObject({
        latest_version: '2.0.0',
        versions: [{ version: '2.0.0' }],
      });
      await serveRelease(app, next);
    } finally {
      await second.stop();
    }
  });

  it('refuses a body without what it needs, and ids that are none', async () => {
    const namespace = await aNamespace();
    const empty = await app.request(pathOf(namespace), { method: 'POST', key: adminKey, json: {} });
    expect(empty.status).toBe(400);
    expect(empty.json<{ fields: object }>().fields).toHaveProperty('ascii_armor');
    const { id } = (await add(namespace, signer.publicKey)).json<Key & Record<string, unknown>>();
    const noReason = await revoke(namespace, id, { compromised: false });
    expect(noReason.status).toBe(400);
    expect(noReason.json<{ fields: object }>().fields).toHaveProperty('reason');
    const reason = { reason: 'x', compromised: false };
    expect((await revoke(namespace, 'seven', reason)).status).toBe(400);
    const unknown = '00000000-0000-4000-8000-000000000000';
    expectApiError(await revoke(namespace, unknown, reason), 404, 'Signing key not found');
    const other = await aNamespace();
    expectApiError(await revoke(other, id, reason), 404, 'Signing key not found');
  });

  it('needs admin to change, and nothing to read', async () => {
    const namespace = await aNamespace();
    const denied = { details: 'Required scope: admin' };
    expectApiError(
      await add(namespace, signer.publicKey, app.publisherKey),
      403,
      'Missing required scope',
      denied,
    );
    const reason = { reason: 'x', compromised: false };
    const unknown = '00000000-0000-4000-8000-000000000000';
    const revoked = await revoke(namespace, unknown, reason, app.publisherKey);
    expectApiError(revoked, 403, 'Missing required scope', denied);
    const anonymous = await app.request(pathOf(namespace), { method: 'POST', json: {} });
    expectApiError(anonymous, 401, 'Missing authorization header');
    expect((await app.request(pathOf(namespace))).status).toBe(200);
  });

  it('says 404 for a namespace that does not exist', async () => {
    const read = await app.request(pathOf('nobody'));
    expect(read.status).toBe(404);
    const written = await add('nobody', signer.publicKey);
    expect(written.status).toBe(404);
    expectProtocolError(await app.request('/v1/providers/nobody/x/versions'), 404, 'Provider not found');
  });

  it('compares the key of a later call with the first one by fingerprint, registered or not (checklist 88)', async () => {
    const namespace = await aNamespace();
    await add(namespace, signer.publicKey);
    await add(namespace, stranger.publicKey);
    const release = await aSignedRelease(signer, { namespace });
    expect((await app.publishProvider(oneOf(release, 'linux', 'amd64'))).status).toBe(201);
    const darwin = { ...oneOf(release, 'darwin', 'arm64'), shasums: undefined, shasumsSignature: undefined };
    const answer = await app.publishProvider({ ...darwin, publicKey: stranger.publicKey });
    expect(answer.status).toBe(409);
    expect((await app.publishProvider(darwin)).status).toBe(201);
  });
});
