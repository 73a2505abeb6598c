import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys } from '../../../src/auth/api-keys.service.js';
import { createApp } from '../../../src/bootstrap.js';
import { testConfig, type TestConfig } from '../../support/app-config.js';
import {
  packageName,
  providerPackage,
  shasumsOf,
  testSigner,
  type TestSigner,
} from '../../support/build-fixtures.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { request, type Answer } from '../../support/http-request.js';
import { publishProvider } from '../../support/publish-client.js';

interface ListedKey {
  id: string;
  fingerprint: string;
  key_id: string;
  ascii_armor: string;
  state: string;
}

describe('the signing keys of a namespace', () => {
  let database: TestDatabase;
  let settings: TestConfig;
  let server: NestFastifyApplication;
  let url: string;
  let admin: string;
  let publisher: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    settings = testConfig(database.url);
    server = await createApp(settings.config);
    await server.listen({ port: 0, host: '127.0.0.1' });
    url = `http://127.0.0.1:${(server.getHttpServer().address() as AddressInfo).port}`;
    const keys = server.get(ApiKeys, { strict: false });
    admin = (await keys.issue({ name: 'admin', scopes: ['admin'] })).key;
    publisher = (await keys.issue({ name: 'ci', scopes: ['providers:write'] })).key;
  });

  afterAll(async () => {
    await server.close();
    settings.remove();
    await database.drop();
  });

  const path = (namespace: string) => `${url}/api/v1/namespaces/${namespace}/signing-keys`;
  const send = (method: string, to: string, body?: object, key = admin): Promise<Answer> =>
    request(to, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: body && Buffer.from(JSON.stringify(body)),
    });
  const add = (namespace: string, armor: string, key = admin) =>
    send('POST', path(namespace), { ascii_armor: armor }, key);
  const revoke = (namespace: string, id: string, body: object) =>
    send('POST', `${path(namespace)}/${id}/revoke`, body);
  const list = async (namespace: string) =>
    (await request(path(namespace))).json<{ keys: ListedKey[] }>().keys;

  async function publish(namespace: string, version: string, signer?: TestSigner) {
    const file = providerPackage('mycloud', version);
    const shasums = shasumsOf({ [packageName('mycloud', version, 'linux_amd64')]: file });
    const signed = signer && {
      publicKey: signer.publicKey,
      shasums,
      shasumsSignature: await signer.sign(shasums),
    };
    return publishProvider({ url, key: publisher }, { namespace, version, file, ...signed });
  }

  it('are listed for everybody who may read it; there are none at first', async () => {
    expect((await publish('fresh', '1.0.0')).status).toBe(201);
    expect(await list('fresh')).toEqual([]);
    expect((await request(path('nobody'))).status).toBe(404);
  });

  it('are registered by an administrator only', async () => {
    const { publicKey } = await testSigner();
    await publish('guarded', '1.0.0');
    expect((await add('guarded', publicKey, publisher)).status).toBe(403);
    expect((await add('nobody', publicKey)).status).toBe(404);
    const added = await add('guarded', publicKey);
    expect(added.status).toBe(201);
    const key = added.json<ListedKey>();
    expect(key).toMatchObject({ state: 'active', key_id: key.fingerprint.slice(-16) });
    expect(await list('GUARDED')).toEqual([added.json()]);
    expect((await add('guarded', publicKey)).json<ListedKey>().id).toBe(key.id);
    const refused = await add('guarded', 'garbage');
    expect(refused.status).toBe(400);
    expect(refused.json()['error']).toMatch(/^Invalid GPG public key: /);
  });

  it('are the only ones that count once one is registered (E1)', async () => {
    const [ours, theirs] = await Promise.all([testSigner(), testSigner()]);
    expect((await publish('closed', '1.0.0', theirs)).status).toBe(201);
    await add('closed', ours.publicKey);
    const refused = await publish('closed', '1.0.1', theirs);
    expect(refused.status).toBe(400);
    expect(refused.json()['error']).toBe('Invalid GPG public key: not registered for this namespace');
    expect((await publish('closed', '1.0.1', ours)).status).toBe(201);
  });

  it('count for nothing new after they were revoked, and do not open the namespace again (E6)', async () => {
    const [ours, theirs] = await Promise.all([testSigner(), testSigner()]);
    expect((await publish('ended', '1.0.0')).status).toBe(201);
    const { id } = (await add('ended', ours.publicKey)).json<ListedKey>();
    expect((await publish('ended', '1.1.0', ours)).status).toBe(201);
    const revoked = await revoke('ended', id, { reason: 'rotated', compromised: false });
    expect(revoked.status).toBe(200);
    expect(revoked.json()).toMatchObject({ id, state: 'revoked' });
    for (const signer of [ours, theirs]) expect((await publish('ended', '1.2.0', signer)).status).toBe(400);
    expect((await add('ended', ours.publicKey)).status).toBe(409);
    expect((await request(`${url}/v1/providers/ended/mycloud/1.1.0/download/linux/amd64`)).status).toBe(200);
  });

  it('quarantine what they signed when they are compromised', async () => {
    const ours = await testSigner();
    await publish('stolen', '1.0.0');
    const { id } = (await add('stolen', ours.publicKey)).json<ListedKey>();
    expect((await publish('stolen', '1.1.0', ours)).status).toBe(201);
    const lean = { headers: { 'x-terraform-version': '1.13.0' } };
    const versions = async () => {
      const answer = await request(`${url}/v1/providers/stolen/mycloud/versions`, lean);
      return answer.json<{ versions: { version: string }[] }>().versions.map(({ version }) => version);
    };
    const download = (version: string) =>
      request(`${url}/v1/providers/stolen/mycloud/${version}/download/linux/amd64`, lean);
    expect(await versions()).toEqual(['1.1.0', '1.0.0']);
    expect((await download('1.1.0')).status).toBe(200);
    expect((await revoke('stolen', id, { reason: 'stolen', compromised: true })).status).toBe(200);
    expect(await versions()).toEqual(['1.0.0']);
    expect((await download('1.1.0')).status).not.toBe(200);
    expect((await download('1.0.0')).status).toBe(200);
  });

  it('are revoked with a reason, by an id that exists', async () => {
    await publish('picky', '1.0.0');
    const { id } = (await add('picky', (await testSigner()).publicKey)).json<ListedKey>();
    expect((await revoke('picky', id, {})).status).toBe(400);
    expect((await revoke('picky', 'no-id', { reason: 'x' })).status).toBe(400);
    expect((await revoke('picky', randomUUID(), { reason: 'x' })).status).toBe(404);
    expect((await revoke('fresh', id, { reason: 'x' })).status).toBe(404);
  });
});
