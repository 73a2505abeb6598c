import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Version } from '../../../../../src/kernel/terraform/version.js';
import {
  aProvider,
  onPlatform,
  providerApiPath,
  providerProtocolPath,
} from '../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../support/test-app.js';
import { anUuid, aTime, expectProtocolError, sha256 } from '../../support/expectations.js';

interface Versions {
  versions: ({ version: string } & Record<string, unknown>)[];
  warnings?: string[];
}

const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$/;

describe('GET /v1/providers/{namespace}/{type}/versions', () => {
  let app: TestApp;
  const provider = aProvider();
  const path = `${providerProtocolPath(provider)}/versions`;
  const published = ['1.0.0', '1.10.0', 'v1.9', '2.0.0-rc.1', '2.0.0-rc.10'];
  const newestFirst = ['2.0.0-rc.10', '2.0.0-rc.1', '1.10.0', '1.9.0', '1.0.0'];

  beforeAll(async () => {
    app = await TestApp.start();
    for (const version of published) {
      const canonical = Version.parse(version).text;
      const file = aProvider({ type: provider.type, version: canonical }).file;
      expect((await app.publishProvider({ ...provider, version, file })).status).toBe(201);
    }
    const arm = onPlatform({ ...provider, version: '1.0.0' }, 'darwin', 'arm64');
    expect((await app.publishProvider(arm)).status).toBe(201);
  });
  afterAll(() => app?.stop());

  const list = async (target = path, lean = true): Promise<Versions> => {
    const answer = await app.request(target, { lean });
    expect(answer.status).toBe(200);
    return answer.json<Versions & Record<string, unknown>>();
  };

  describe('for a CLI', () => {
    it('has versions, protocols and platforms, newest first, strict and unique, and nothing else (checklist 42, 67, 68)', async () => {
      const answer = await list();
      const linux = { os: 'linux', arch: 'amd64' };
      expect(answer).toEqual({
        versions: newestFirst.map((version) => ({
          version,
          protocols: ['5.0'],
          platforms: version === '1.0.0' ? [{ os: 'darwin', arch: 'arm64' }, linux] : [linux],
        })),
      });
      for (const { version } of answer.versions) expect(version).toMatch(SEMVER);
    });

    it('says that it varies, may be kept for a minute, and what its ETag is (checklist 69, 113)', async () => {
      const { headers } = await app.request(path, { lean: true });
      expect(headers['vary']).toBe('X-Terraform-Version');
      expect(headers['cache-control']).toBe('public, max-age=60');
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
      const again = await app.request(path, {
        lean: true,
        headers: { 'if-none-match': String(headers['etag']) },
      });
      expect(again).toMatchObject({ status: 304, body: Buffer.alloc(0) });
      const personal = await app.request(path, { lean: true, key: app.publisherKey });
      expect(personal.headers['cache-control']).toBe('private, no-cache');
    });

    it('takes a namespace in any case (checklist 91)', async () => {
      expect(await list(path.replace('/acme/', '/ACME/'))).toEqual(await list());
    });
  });

  describe('for everybody else', () => {
    it('has every field of the contract, and none that has no value', async () => {
      const { versions, ...rest } = await list(path, false);
      expect(rest).toEqual({});
      expect(versions.map(({ version }) => version)).toEqual(newestFirst);
      const oldest = versions.at(-1)!;
      expect(oldest).toEqual({
        id: anUuid,
        version: '1.0.0',
        protocols: ['5.0'],
        platforms: [expect.any(Object), expect.any(Object)],
        published_at: aTime,
        published_by_name: 'ci',
        download_count: 0,
        deprecated: false,
        state: 'active',
      });
      expect((oldest['platforms'] as object[])[1]).toEqual({
        id: anUuid,
        os: 'linux',
        arch: 'amd64',
        filename: `terraform-provider-${provider.type}_1.0.0_linux_amd64.zip`,
        shasum: sha256(provider.file),
        download_count: 0,
      });
    });

    it('varies and has an ETag of its own (checklist 113)', async () => {
      const lean = await app.request(path, { lean: true });
      const rich = await app.request(path);
      expect(rich.headers['vary']).toContain('X-Terraform-Version');
      expect(rich.headers['etag']).not.toBe(lean.headers['etag']);
      const again = await app.request(path, { headers: { 'if-none-match': String(rich.headers['etag']) } });
      expect(again.status).toBe(304);
    });
  });

  it('warns of deprecated versions, in both forms, and only of those (checklist 70)', async () => {
    const old = aProvider();
    await app.publishProvider(old);
    await app.publishProvider({
      ...old,
      version: '1.1.0',
      file: aProvider({ type: old.type, version: '1.1.0' }).file,
    });
    const target = `${providerProtocolPath(old)}/versions`;
    expect(await list(target)).not.toHaveProperty('warnings');
    expect(await list(target, false)).not.toHaveProperty('warnings');
    const deprecate = `${providerApiPath(old)}/versions/1.0.0/deprecate`;
    const options = { method: 'POST', key: app.publisherKey, json: { message: 'It loses state.' } };
    await app.request(deprecate, options);
    const sentence = `Version 1.0.0 of acme/${old.type} is deprecated: It loses state.`;
    const lean = await list(target);
    expect(lean.warnings).toEqual([sentence]);
    expect(Object.keys(lean.versions[1]!)).toEqual(['version', 'protocols', 'platforms']);
    const rich = await list(target, false);
    expect(rich.warnings).toEqual([sentence]);
    expect(rich.versions[1]).toMatchObject({
      deprecated: true,
      deprecated_at: aTime,
      deprecation_message: 'It loses state.',
    });
  });

  it.each([
    ['lean', true],
    ['rich', false],
  ])('answers HEAD with the headers of GET, %s', async (_form, lean) => {
    const get = await app.request(path, { lean });
    const head = await app.request(path, { lean, method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    const facts = ({ headers }: typeof get) => [headers['etag'], headers['content-length'], headers['vary']];
    expect(facts(head)).toEqual(facts(get));
  });

  it('is JSON whatever is accepted (checklist 114, 115, 116)', async () => {
    for (const accept of ['*/*', 'application/json', 'text/html']) {
      for (const lean of [true, false]) {
        const answer = await app.request(path, { lean, headers: { accept } });
        expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      }
    }
  });

  it('says 404 for a provider that does not exist, with both error fields (checklist 86, 108, 111)', async () => {
    for (const lean of [true, false]) {
      for (const other of ['acme/nothing', `nobody/${provider.type}`]) {
        const answer = await app.request(`/v1/providers/${other}/versions`, { lean });
        expectProtocolError(answer, 404, 'Provider not found');
      }
    }
  });

  it('knows a type in lower case only (checklist 91)', async () => {
    for (const lean of [true, false]) {
      const answer = await app.request(`/v1/providers/acme/${provider.type.toUpperCase()}/versions`, {
        lean,
      });
      expect(answer.status).toBe(400);
      expect(answer.json<{ errors: string[] }>().errors[0]).toMatch(/^Invalid type: /);
    }
  });

  it('has an empty list once the only version is deleted', async () => {
    const gone = aProvider();
    await app.publishProvider(gone);
    const target = `${providerApiPath(gone)}/versions/1.0.0`;
    await app.request(target, { method: 'DELETE', key: app.publisherKey });
    for (const lean of [true, false]) {
      expect(await list(`${providerProtocolPath(gone)}/versions`, lean)).toEqual({ versions: [] });
    }
  });

  it('holds 5 000 versions complete in one answer, well within 10 s (checklist 41, 69, 106, 112)', async () => {
    const large = aProvider();
    expect((await app.publishProvider(large)).status).toBe(201);
    const versions = Array.from({ length: 4_998 }, (_, index) => Version.parse(`2.${index}.0`));
    await insertVersions(large.type, versions);
    const last = aProvider({ type: large.type, version: '3.0.0' });
    expect((await app.publishProvider(last)).status).toBe(201);
    const expected = ['3.0.0', ...versions.map(({ text }) => text).reverse(), '1.0.0'];
    for (const lean of [true, false]) {
      const started = performance.now();
      const found = await list(`${providerProtocolPath(large)}/versions`, lean);
      expect(performance.now() - started).toBeLessThan(10_000);
      expect(found.versions.map(({ version }) => version)).toEqual(expected);
      expect(found.versions.every(({ platforms }) => (platforms as object[]).length === 1)).toBe(true);
    }
    const packed = await app.request(`${providerProtocolPath(large)}/versions`, {
      lean: true,
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(JSON.parse(gunzipSync(packed.body).toString()).versions).toHaveLength(5_000);
  });

  /** Copies version 1.0.0 of a provider with its package to many others. */
  async function insertVersions(type: string, versions: readonly Version[]): Promise<void> {
    await app.query(
      `WITH source AS (
         SELECT v.* FROM provider_versions v JOIN registry_providers p ON p.id = v.provider_id WHERE p.type = $1
       ), added AS (
         INSERT INTO provider_versions (provider_id, version, sort_key, state, protocols, signed_by,
           signing_key_fingerprint, signing_key_armor, shasums, signature, shasums_artifact_id, signature_artifact_id)
         SELECT s.provider_id, n.version, n.sort_key, 'active', s.protocols, s.signed_by, s.signing_key_fingerprint,
           s.signing_key_armor, s.shasums, s.signature, s.shasums_artifact_id, s.signature_artifact_id
         FROM source s, unnest($2::text[], $3::text[]) AS n (version, sort_key)
         RETURNING id
       )
       INSERT INTO provider_packages (version_id, os, arch, filename, digest, h1, size_bytes, artifact_id)
       SELECT a.id, k.os, k.arch, k.filename, k.digest, k.h1, k.size_bytes, k.artifact_id
       FROM added a, provider_packages k JOIN source s ON s.id = k.version_id`,
      [type, versions.map(({ text }) => text), versions.map(({ sortKey }) => sortKey)],
    );
  }
});
