import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testSigner, type TestSigner } from '../../support/build-fixtures.js';
import { aProvider, aSignedRelease, providerApiPath } from '../../support/factories/provider.factory.js';
import { TestApp } from '../../support/test-app.js';

interface Row {
  action: string;
  organization_id: string;
  metadata: Record<string, unknown>;
}

describe('what is recorded about providers', () => {
  let app: TestApp;
  let admin: string;
  let signer: TestSigner;

  beforeAll(async () => {
    [app, signer] = await Promise.all([TestApp.start(), testSigner()]);
    admin = await app.issueKey('admin');
  });
  afterAll(() => app?.stop());

  const rows = (namespace: string): Promise<Row[]> =>
    app.query(
      `SELECT * FROM audit_entries WHERE resource_type = 'provider'
         AND (metadata->>'namespace' = $1 OR metadata->>'address' LIKE $1 || '/%') ORDER BY chain, chain_seq`,
      [namespace],
    );

  it('names address, version, digests and who signed, and each later change', async () => {
    const provider = aProvider({ namespace: 'recorded' });
    expect((await app.publishProvider(provider)).status).toBe(201);
    const version = `${providerApiPath(provider)}/versions/${provider.version}`;
    for (const [method, path] of [
      ['POST', `${version}/deprecate`],
      ['DELETE', `${version}/deprecate`],
      ['DELETE', version],
      ['DELETE', providerApiPath(provider)],
    ] as const) {
      const json = method === 'POST' ? { message: 'old' } : undefined;
      expect((await app.request(path, { method, key: admin, json })).status).toBe(200);
    }
    const found = await rows('recorded');
    expect(found.map(({ metadata }) => [metadata['before'], metadata['after']])).toMatchObject([
      [undefined, { state: 'active' }],
      [{ deprecation_message: null }, { deprecation_message: 'old' }],
      [{ deprecation_message: 'old' }, { deprecation_message: null }],
      [{ state: 'active' }, { state: 'deleted' }],
      [undefined, undefined],
    ]);
    expect(found[0]!.metadata).toMatchObject({
      address: `recorded/${provider.type}`,
      version: provider.version,
      signed_by: 'registry',
      key_fingerprint: expect.stringMatching(/^[0-9A-F]{40}$/) as string,
      packages: [{ os: 'linux', arch: 'amd64', digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string }],
    });
  });

  it('names signing keys by fingerprint, and lists what a compromised one put into quarantine', async () => {
    const namespace = 'signed';
    expect((await app.publishProvider(aProvider({ namespace }))).status).toBe(201);
    const path = `/api/v1/namespaces/${namespace}/signing-keys`;
    const json = { ascii_armor: signer.publicKey };
    const key = (await app.request(path, { method: 'POST', key: admin, json })).json<{
      id: string;
      fingerprint: string;
    }>();
    const release = await aSignedRelease(signer, { namespace });
    expect((await app.publishRelease(release)).status).toBe(201);
    const revocation = { reason: 'Stolen', compromised: true };
    const revoke = { method: 'POST', key: admin, json: revocation };
    expect((await app.request(`${path}/${key.id}/revoke`, revoke)).status).toBe(200);
    const found = await rows(namespace);
    const [added, revoked] = found.filter(({ action }) => action.includes('signing-keys'));
    expect(added!.metadata).toMatchObject({ namespace, key_fingerprint: key.fingerprint });
    expect(revoked!.metadata).toMatchObject({
      key_fingerprint: key.fingerprint,
      quarantined: [`${namespace}/${release.type} ${release.version}`],
      before: { state: 'active' },
      after: { state: 'revoked', reason: 'Stolen', is_compromised: true },
    });
    expect(JSON.stringify(found)).not.toContain('BEGIN PGP');
  });

  it('is not written when the publish is refused', async () => {
    const provider = aProvider({ namespace: 'refused' });
    expect((await app.publishProvider(provider)).status).toBe(201);
    expect((await app.publishProvider(provider)).status).toBe(409);
    expect(await rows('refused')).toHaveLength(1);
  });
});
