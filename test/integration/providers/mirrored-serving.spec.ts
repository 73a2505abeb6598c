import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StatementCounter } from '../../../src/platform/database/statement-counter.js';
import { ProviderDocumentation } from '../../../src/providers/provider-documentation.service.js';
import { MirroredProviders } from '../../../src/providers/mirrored-providers.service.js';
import { packageName, packZip, providerPackage, shasumsOf } from '../../support/build-fixtures.js';
import { aProvider } from '../../support/factories/provider.factory.js';
import { uniqueName } from '../../support/factories/names.js';
import {
  mirrorPath,
  mirrorRelease,
  mirrorSigner,
  UPSTREAM_HOST,
  type WantedRelease,
} from '../../support/mirrored-release.js';
import { TestApp } from '../../support/test-app.js';

interface Archives {
  archives: Record<string, { url: string; hashes: string[] }>;
}
interface Download {
  filename: string;
  shasum: string;
  download_url: string;
  shasums_url: string;
  shasums_signature_url: string;
  signing_keys: { gpg_public_keys: { key_id: string; ascii_armor: string }[] };
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app?.stop());

const status = async (path: string, lean = true): Promise<number> =>
  (await app.request(path, { lean })).status;
const at = (wanted: WantedRelease) => {
  const { host = UPSTREAM_HOST, namespace = 'hashicorp', type } = wanted;
  return { host, namespace, type };
};
const listed = async (wanted: WantedRelease): Promise<string[]> => {
  const answer = await app.request(`${mirrorPath(wanted)}/index.json`, { lean: true });
  return answer.status === 200 ? Object.keys(answer.json<{ versions: object }>().versions) : [];
};

describe('the network mirror of an upstream', () => {
  it('lists what was brought from it, and describes each version that it lists (checklist 96 to 99)', async () => {
    const wanted = { type: uniqueName('cloud'), platforms: ['linux_amd64', 'darwin_arm64'] };
    await mirrorRelease(app, wanted);
    await mirrorRelease(app, { ...wanted, version: '1.1.0', platforms: ['linux_amd64'] });
    const index = await app.request(`${mirrorPath(wanted)}/index.json`);
    expect([index.status, index.headers['content-type'], index.json()]).toEqual([
      200,
      'application/json',
      { versions: { '1.0.0': {}, '1.1.0': {} } },
    ]);
    const { archives } = (await app.request(`${mirrorPath(wanted)}/1.0.0.json`)).json<Archives>();
    expect(Object.keys(archives).sort()).toEqual(['darwin_arm64', 'linux_amd64']);
    const bytes = providerPackage(wanted.type, '1.0.0', 'linux_amd64');
    const { url, hashes } = archives['linux_amd64']!;
    expect(hashes).toEqual([expect.stringMatching(/^h1:/), `zh:${sha256(bytes)}`]);
    expect((await app.fetchLink(url)).body).toEqual(bytes);
  });

  it('knows the host in any case, and with a port raw or encoded (checklist 104)', async () => {
    const type = uniqueName('cloud');
    await mirrorRelease(app, { type, host: 'tofu.example.com:8443' });
    const paths = ['tofu.example.com:8443', 'TOFU.example.com:8443', 'tofu.example.com%3A8443'];
    for (const host of paths) {
      expect([host, await listed({ type, host })]).toEqual([host, ['1.0.0']]);
      expect(await status(`${mirrorPath({ type, host })}/1.0.0.json`)).toBe(200);
    }
    expect(await status(`${mirrorPath({ type, host: 'tofu.example.com' })}/index.json`)).toBe(404);
  });

  it('serves versions with build metadata under their exact text', async () => {
    const type = uniqueName('cloud');
    for (const version of ['1.2.0', '1.2.0+build.7', '1.2.0-rc.1+x-y'])
      await mirrorRelease(app, { type, version });
    expect(await listed({ type })).toEqual(['1.2.0+build.7', '1.2.0', '1.2.0-rc.1+x-y']);
    for (const version of ['1.2.0+build.7', '1.2.0%2Bbuild.7', '1.2.0-rc.1+x-y']) {
      const answer = await app.request(`${mirrorPath({ type })}/${version}.json`, { lean: true });
      expect([version, answer.status]).toEqual([version, 200]);
      const download = `/v1/providers/hashicorp/${type}/${version}/download/linux/amd64`;
      expect([version, await status(download)]).toEqual([version, 200]);
    }
    expect(await status(`${mirrorPath({ type })}/1.2.0+build.8.json`)).toBe(404);
    const detail = await app.request(`/v1/providers/hashicorp/${type}/1.2.0+build.7`);
    expect(detail.json()).toMatchObject({ version: '1.2.0+build.7' });
    const { latest_version } = (await app.request(`/api/v1/providers/hashicorp/${type}`)).json<{
      latest_version: string;
    }>();
    expect(latest_version).toBe('1.2.0+build.7');
    expect(await status(`/providers/hashicorp/${type}/1.2.0+build.7`, false)).toBe(200);
  });

  it('says 404 for the unknown and 400 for what is no version (checklist 100)', async () => {
    const type = uniqueName('cloud');
    await mirrorRelease(app, { type });
    const unknown = [
      `${mirrorPath({ type, host: 'nobody.example.com' })}/index.json`,
      `${mirrorPath({ type: 'nothing' })}/index.json`,
      `${mirrorPath({ type })}/9.9.9.json`,
      `${mirrorPath({ type, host: 'registry.test' })}/index.json`,
      `${mirrorPath({ type, host: '~' })}/index.json`,
    ];
    for (const path of unknown) expect([path, await status(path)]).toEqual([path, 404]);
    expect(await status(`${mirrorPath({ type })}/one.json`)).toBe(400);
    expect(await status(`${mirrorPath({ type })}/1.0.json`)).toBe(400);
  });

  it('is answered ahead of the router with the same bytes', async () => {
    const type = uniqueName('cloud');
    await mirrorRelease(app, { type });
    const path = `${mirrorPath({ type })}/index.json`;
    const [lean, rich] = [await app.request(path, { lean: true }), await app.request(path)];
    expect([lean.body, lean.headers['etag']]).toEqual([rich.body, rich.headers['etag']]);
  });
});

describe('a protocol read of a process that knows nothing yet', () => {
  it.each([true, false])(
    'takes one statement for its readers and one for its document (mirrored: %s)',
    async (isMirrored) => {
      const namespace = uniqueName('cold');
      const types = [uniqueName('cloud'), uniqueName('cloud'), uniqueName('cloud')];
      for (const type of types) {
        if (isMirrored) await mirrorRelease(app, { type, namespace });
        else expect((await app.publishProvider(aProvider({ type, namespace }))).status).toBe(201);
      }
      const cold = await app.another();
      try {
        const counts: number[] = [];
        for (const type of types) {
          const { count } = cold.get(StatementCounter);
          const path = `/v1/providers/${namespace}/${type}/versions`;
          expect((await cold.request(path, { lean: true })).status).toBe(200);
          counts.push(cold.get(StatementCounter).count - count);
        }
        // A timer of the process may send one of its own between two of them.
        expect(Math.min(...counts)).toBe(2);
      } finally {
        await cold.stop();
      }
    },
  );
});

describe('the provider protocol for what mirrors brought', () => {
  it('has the versions, and checksums, signature and key of the upstream byte for byte', async () => {
    const wanted = { type: uniqueName('cloud'), listed: ['linux_amd64', 'windows_amd64'] };
    const { version } = await mirrorRelease(app, wanted);
    const path = `/v1/providers/hashicorp/${wanted.type}`;
    expect((await app.request(`${path}/versions`, { lean: true })).json()).toEqual({
      versions: [{ version: '1.0.0', protocols: ['5.0'], platforms: [{ os: 'linux', arch: 'amd64' }] }],
    });
    const document = (
      await app.request(`${path}/1.0.0/download/linux/amd64`, { lean: true })
    ).json<Download>();
    const files = Object.fromEntries(
      wanted.listed.map((platform) => [
        packageName(wanted.type, '1.0.0', platform),
        providerPackage(wanted.type, '1.0.0', platform),
      ]),
    );
    const signer = await mirrorSigner();
    const sums = shasumsOf(files);
    expect((await app.fetchLink(document.shasums_url)).body.toString()).toBe(sums);
    const signature = (await app.fetchLink(document.shasums_signature_url)).body;
    expect(signature.equals(version.signature)).toBe(true);
    expect(document.signing_keys.gpg_public_keys).toMatchObject([
      { key_id: signer.fingerprint.slice(-16), ascii_armor: signer.armor },
    ]);
    expect(sha256((await app.fetchLink(document.download_url)).body)).toBe(document.shasum);
    expect(await status(`${path}/1.0.0/download/windows/amd64`)).toBe(404);
  });

  it('means the oldest mirror of a name, whichever brought it first', async () => {
    const type = uniqueName('cloud');
    const [young, old] = [
      { type, host: 'young.example.com', since: new Date('2026-03-01'), version: '3.0.0' },
      { type, host: 'old.example.com', since: new Date('2026-02-01'), version: '2.0.0' },
    ];
    const path = `/v1/providers/hashicorp/${type}`;
    const meant = async () => {
      const lean = await app.request(`${path}/versions`, { lean: true });
      const rich = await app.request(`/api/v1/providers/hashicorp/${type}`);
      const found = await app.request(`/api/v1/providers/search?q=${type}`);
      return [
        lean.status === 200
          ? lean.json<{ versions: { version: string }[] }>().versions.map((v) => v.version)
          : [],
        rich.json()['source'],
        found.json<{ providers: { source: string }[] }>().providers.map((one) => one.source),
      ];
    };
    await mirrorRelease(app, young);
    const youngOne = `young.example.com/hashicorp/${type}`;
    expect(await meant()).toEqual([['3.0.0'], youngOne, [youngOne]]);
    await mirrorRelease(app, old);
    const oldOne = `old.example.com/hashicorp/${type}`;
    expect(await meant()).toEqual([['2.0.0'], oldOne, [oldOne]]);
    expect(await status(`${path}/3.0.0/download/linux/amd64`)).toBe(404);
    expect([await listed(young), await listed(old)]).toEqual([['3.0.0'], ['2.0.0']]);
    await mirrorRelease(app, { ...young, version: '3.1.0' });
    expect(await meant()).toEqual([['2.0.0'], oldOne, [oldOne]]);
    await app.get(MirroredProviders).purge(at(old));
    expect(await meant()).toEqual([['3.1.0', '3.0.0'], youngOne, [youngOne]]);
    expect(await status(`${path}/3.0.0/download/linux/amd64`)).toBe(200);
    expect([await listed(young), await listed(old)]).toEqual([['3.1.0', '3.0.0'], []]);
  });
});

describe('a mirrored provider that is held back', () => {
  it('is in no index and no document in any process, and comes back as it was', async () => {
    const wanted = { type: uniqueName('cloud') };
    await mirrorRelease(app, wanted);
    const replica = await app.another();
    try {
      const path = `/v1/providers/hashicorp/${wanted.type}`;
      const paths = [
        `${mirrorPath(wanted)}/index.json`,
        `${mirrorPath(wanted)}/1.0.0.json`,
        `${path}/versions`,
        `${path}/1.0.0/download/linux/amd64`,
        path,
        `/api${path}`,
        `/v2/providers/hashicorp/${wanted.type}/downloads/summary`,
      ];
      const everywhere = async () => {
        const statuses = [];
        for (const process of [app, replica])
          for (const one of paths) {
            statuses.push((await process.request(one, { lean: true })).status);
            statuses.push((await process.request(one)).status);
          }
        return [...new Set(statuses)];
      };
      const found = async () =>
        (await app.request(`/api/v1/providers/search?q=${wanted.type}`)).json<{ providers: object[] }>()
          .providers.length;
      expect([await everywhere(), await found()]).toEqual([[200], 1]);
      await app.get(MirroredProviders).holdBack(at(wanted), 'a policy forbids it');
      await expect.poll(everywhere, { timeout: 15_000 }).toEqual([404]);
      expect(await found()).toBe(0);
      await mirrorRelease(app, { ...wanted, version: '1.1.0' });
      expect([await everywhere(), await found()]).toEqual([[404], 0]);
      expect(await app.get(MirroredProviders).held(at(wanted))).toHaveLength(2);
      await app.get(MirroredProviders).holdBack(at(wanted), null);
      await expect.poll(everywhere, { timeout: 15_000 }).toEqual([200]);
      expect([await listed(wanted), await found()]).toEqual([['1.1.0', '1.0.0'], 1]);
    } finally {
      await replica.stop();
    }
  });

  it('keeps its name from the next mirror, so that the name does not change what it means', async () => {
    const type = uniqueName('cloud');
    const old = { type, host: 'old.example.com', since: new Date('2026-02-01') };
    await mirrorRelease(app, old);
    await mirrorRelease(app, { type, host: 'young.example.com', since: new Date('2026-03-01') });
    await app.get(MirroredProviders).holdBack(at(old), 'not approved');
    expect(await status(`/v1/providers/hashicorp/${type}/versions`)).toBe(404);
    expect(await status(`${mirrorPath({ type, host: 'young.example.com' })}/index.json`)).toBe(200);
  });
});

describe('what people see of mirrored providers', () => {
  it('has the upstream address as source, and is found', async () => {
    const type = uniqueName('cloud');
    await mirrorRelease(app, { type });
    const source = `${UPSTREAM_HOST}/hashicorp/${type}`;
    const detail = await app.request(`/api/v1/providers/hashicorp/${type}`);
    expect(detail.json()).toMatchObject({
      namespace: 'hashicorp',
      type,
      source,
      latest_version: '1.0.0',
      created_by: null,
      created_by_name: 'mirror test',
      versions: [{ version: '1.0.0', signed: true, platforms: [{ os: 'linux', arch: 'amd64' }] }],
    });
    const rich = await app.request(`/v1/providers/hashicorp/${type}/versions`);
    expect(rich.json()).toMatchObject({ versions: [{ version: '1.0.0', state: 'active' }] });
    const found = await app.request(`/api/v1/providers/search?q=${type}&namespace=hashicorp`);
    expect(found.json()).toMatchObject({ providers: [{ namespace: 'hashicorp', type, source }] });
    const docs = await app.request(`/api/v1/providers/hashicorp/${type}/versions/1.0.0/docs`);
    expect([docs.status, docs.json()]).toEqual([
      404,
      expect.objectContaining({ error: 'This version has no documentation' }),
    ]);
    expect(await status(`/providers/hashicorp/${type}`, false)).toBe(200);
  });

  it('has the documentation that its mirror hands in, under the exact version', async () => {
    const wanted = { type: uniqueName('cloud'), version: '1.4.0+docs' };
    const { version } = await mirrorRelease(app, wanted);
    const bytes = packZip([{ name: 'docs/index.md', data: '# A made-up cloud\n' }]);
    const folder = await mkdtemp(join(tmpdir(), 'tfr-docs-'));
    try {
      const path = join(folder, 'docs.zip');
      await writeFile(path, bytes);
      const upload = { path, size: bytes.length, digest: sha256(bytes) };
      await app.get(ProviderDocumentation).accept(version.id, upload);
    } finally {
      await rm(folder, { recursive: true });
    }
    const docs = `/api/v1/providers/hashicorp/${wanted.type}/versions/1.4.0+docs/docs`;
    const overview = async () => (await app.request(docs)).json();
    await expect
      .poll(overview, { timeout: 20_000 })
      .toMatchObject({ status: 'ready', pages: [{ kind: 'index' }] });
    const page = await app.request(`${docs}/index/index`);
    expect([page.status, page.json()['html']]).toEqual([200, expect.stringContaining('A made-up cloud')]);
  });

  it('counts in the dashboard and in usage', async () => {
    const key = await app.issueKey('providers:read');
    const numbers = async () => {
      const { providers } = (await app.request('/api/v1/admin/stats/dashboard', { key })).json<{
        providers: Record<string, number>;
      }>();
      return providers;
    };
    const type = uniqueName('cloud');
    for (const version of ['1.0.0', '1.1.0']) await mirrorRelease(app, { type, version });
    const counted = await numbers();
    expect(counted['mirrored']).toBeGreaterThan(0);
    expect(counted['mirrored_versions']).toBeGreaterThan(1);
    expect(counted['manual']! + counted['mirrored']!).toBe(counted['total']);
    expect(counted['manual_versions']! + counted['mirrored_versions']!).toBe(counted['total_versions']);
    const [row] = await app.query<{ providers: string; versions: string }>(
      `SELECT count(DISTINCT p.id) AS providers, count(*) FILTER (WHERE v.state <> 'deleted') AS versions
       FROM registry_providers p JOIN provider_versions v ON v.provider_id = p.id
       WHERE p.upstream_host <> '' AND p.deleted_at IS NULL`,
    );
    expect([counted['mirrored'], counted['mirrored_versions']]).toEqual([
      Number(row!.providers),
      Number(row!.versions),
    ]);
    const usage = await app.request(`/api/v1/providers/hashicorp/${type}/usage`, { key });
    expect(usage.status).toBe(200);
  });
});
