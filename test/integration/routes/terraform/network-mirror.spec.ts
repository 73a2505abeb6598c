import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProviderMirrorPreparation } from '../../../../src/providers/provider-mirror-preparation.service.js';
import { aProvider, onPlatform, providerApiPath } from '../../../support/factories/provider.factory.js';
import { TestApp } from '../../../support/test-app.js';
import { expectProtocolError, sha256 } from '../support/expectations.js';

interface Archives {
  archives: Record<string, { url: string; hashes: string[] }>;
}

const HOST = 'registry.test';
const HOUR_MS = 3_600_000;

describe('the network mirror of what is published here', () => {
  let app: TestApp;
  const provider = aProvider({ version: '1.2.0' });
  const mirror = (host = HOST): string =>
    `/terraform/providers/${host}/${provider.namespace}/${provider.type}`;

  const inVersion = (version: string) => aProvider({ type: provider.type, version });

  beforeAll(async () => {
    app = await TestApp.start({ TFR_SERVER_HOST_ALIASES: 'old.example.com:8443' });
    for (const one of [provider, onPlatform(provider, 'darwin', 'arm64'), inVersion('1.3.0')]) {
      expect((await app.publishProvider(one)).status).toBe(201);
    }
  });
  afterAll(() => app?.stop());

  const archives = async (version: string) => {
    const answer = await app.request(`${mirror()}/${version}.json`);
    expect(answer.status).toBe(200);
    return (answer.json() as Archives).archives;
  };

  it('lists every version as an empty object, in plain JSON (checklist 95, 96)', async () => {
    const answer = await app.request(`${mirror()}/index.json`);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.json()).toEqual({ versions: { '1.2.0': {}, '1.3.0': {} } });
  });

  it('has a document for every version that it lists (checklist 97)', async () => {
    const { versions } = (await app.request(`${mirror()}/index.json`)).json() as { versions: object };
    for (const version of Object.keys(versions)) {
      expect((await app.request(`${mirror()}/${version}.json`)).headers['content-type']).toBe(
        'application/json',
      );
    }
  });

  it('names the platforms that are held, with both hashes (checklist 98, 99)', async () => {
    const held = await archives('1.2.0');
    expect(Object.keys(held).sort()).toEqual(['darwin_arm64', 'linux_amd64']);
    expect(held['linux_amd64']!.hashes).toEqual([
      expect.stringMatching(/^h1:[A-Za-z0-9+/]{43}=$/),
      `zh:${sha256(provider.file)}`,
    ]);
  });

  it('gives URLs that prove themselves for an hour (checklist 102)', async () => {
    const { url } = (await archives('1.2.0'))['linux_amd64']!;
    const lifeMs = Number(new URL(url).searchParams.get('expires')) * 1_000 - Date.now();
    expect(lifeMs).toBeGreaterThan((HOUR_MS * 2) / 3 - 5_000);
    expect(lifeMs).toBeLessThan(HOUR_MS + 5_000);
    const { pathname, search } = new URL(url);
    const file = await app.request(`${pathname}${search}`);
    expect([file.status, sha256(file.body)]).toEqual([200, sha256(provider.file)]);
  });

  it('answers a CLI with the same bytes', async () => {
    const [lean, rich] = [
      await app.request(`${mirror()}/index.json`, { lean: true }),
      await app.request(`${mirror()}/index.json`),
    ];
    expect(lean.body).toEqual(rich.body);
    expect(lean.headers['etag']).toBe(rich.headers['etag']);
    expect(lean.headers['content-type']).toBe('application/json');
  });

  it('knows this registry by its other names, with a port raw or encoded (checklist 104)', async () => {
    for (const host of ['old.example.com:8443', 'old.example.com%3A8443', 'Registry.TEST']) {
      expect((await app.request(`${mirror(host)}/index.json`, { lean: true })).status).toBe(200);
    }
  });

  it('is 404 for other hosts, providers and versions, never 5xx (checklist 100)', async () => {
    for (const path of [
      `${mirror('registry.terraform.io')}/index.json`,
      `${mirror('~')}/index.json`,
      `/terraform/providers/${HOST}/${provider.namespace}/absent/index.json`,
      `/terraform/providers/${HOST}/absent/absent/index.json`,
      `${mirror()}/9.9.9.json`,
    ]) {
      for (const lean of [true, false])
        expectProtocolError(await app.request(path, { lean }), 404, 'Provider not found');
    }
    expect((await app.request(`${mirror()}/banana.json`)).status).toBe(400);
  });

  it('describes the same set of versions in both documents after a version is deleted', async () => {
    expect((await app.publishProvider(inVersion('1.4.0'))).status).toBe(201);
    expect(Object.keys(await archives('1.4.0'))).toEqual(['linux_amd64']);
    const path = `${providerApiPath(provider)}/versions/1.4.0`;
    expect((await app.request(path, { method: 'DELETE', key: app.publisherKey })).status).toBe(200);
    expect((await app.request(`${mirror()}/index.json`)).json()).toEqual({
      versions: { '1.2.0': {}, '1.3.0': {} },
    });
    expectProtocolError(await app.request(`${mirror()}/1.4.0.json`), 404, 'Provider not found');
  });

  it('is prepared for what was published before there was a mirror', async () => {
    const paths = await app.query<{ path: string }>(
      `WITH gone AS (DELETE FROM protocol_documents WHERE path LIKE '/terraform/providers/%' RETURNING path)
       SELECT path FROM gone`,
    );
    await app.get(ProviderMirrorPreparation).run(new AbortController().signal);
    const again = await app.query<{ path: string }>(
      `SELECT path FROM protocol_documents WHERE path LIKE '/terraform/providers/%'`,
    );
    expect(again.map(({ path }) => path).sort()).toEqual(paths.map(({ path }) => path).sort());
    expect(Object.keys(await archives('1.2.0'))).toEqual(['darwin_arm64', 'linux_amd64']);
  });
});
