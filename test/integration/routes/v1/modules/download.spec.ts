import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packTarGz } from '../../../../support/build-fixtures.js';
import { aModule, moduleApiPath, moduleProtocolPath } from '../../../../support/factories/module.factory.js';
import { TestApp } from '../../../../support/test-app.js';
import { expectProtocolError, sha256 } from '../../support/expectations.js';

describe('GET /v1/modules/{namespace}/{name}/{system}/{version}/download', () => {
  let app: TestApp;
  const module = aModule({ version: '1.2.0' });
  const base = moduleProtocolPath(module);
  const path = `${base}/1.2.0/download`;

  beforeAll(async () => {
    app = await TestApp.start();
    expect((await app.publishModule(module)).status).toBe(201);
  });
  afterAll(() => app?.stop());

  const locationOf = async (target = path, lean = true): Promise<string> => {
    const answer = await app.request(target, { lean });
    expect(answer.status).toBe(204);
    return String(answer.headers['x-terraform-get']);
  };

  it.each([
    ['a CLI', true],
    ['everybody else', false],
  ])('says 204 without a body and names the archive, for %s (checklist 44, 45)', async (_who, lean) => {
    const answer = await app.request(path, { lean });
    expect(answer).toMatchObject({ status: 204, body: Buffer.alloc(0) });
    expect(answer.headers['x-terraform-get']).toMatch(/^http:\/\/registry\.test\/v1\/files\//);
    expect(answer.headers['content-type']).toBeUndefined();
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['vary']).toBe('X-Terraform-Version');
  });

  it('names an absolute URL with a known suffix, the right checksum and 10 to 15 minutes left (checklist 20, 46, 47, 48, 49, 60, 61)', async () => {
    const url = new URL(await locationOf());
    expect(url.origin).toBe('http://registry.test');
    const digest = sha256(module.archive);
    const [one, two] = [digest.slice(0, 2), digest.slice(2, 4)];
    expect(url.pathname).toBe(
      `/v1/files/blobs/sha256/${one}/${two}/${digest}/${module.name}-aws-1.2.0.tar.gz`,
    );
    expect(url.searchParams.get('checksum')).toBe(`sha256:${digest}`);
    const secondsLeft = Number(url.searchParams.get('expires')) - Date.now() / 1000;
    expect(secondsLeft).toBeGreaterThan(600);
    expect(secondsLeft).toBeLessThanOrEqual(901);
  });

  it('does not take the address from the Host header (checklist 7)', async () => {
    const answer = await app.request(path, {
      lean: true,
      headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    });
    expect(answer.headers['x-terraform-get']).toMatch(/^http:\/\/registry\.test\//);
  });

  it('leads to the uploaded bytes (checklist 16, 50, 52, 54, 88)', async () => {
    const file = await app.fetchLink(await locationOf());
    expect(file.status).toBe(200);
    expect(file.body.equals(module.archive)).toBe(true);
    expect(file.headers['content-encoding']).toBeUndefined();
    expect(file.headers['content-length']).toBe(String(module.archive.length));
  });

  it('names a single top folder, and nothing that is not there (checklist 50, 51)', async () => {
    const folded = aModule({
      archive: packTarGz([
        { name: 'net-work_1.0/main.tf', data: '' },
        { name: 'net-work_1.0/sub/main.tf', data: '' },
      ]),
    });
    expect((await app.publishModule(folded)).status).toBe(201);
    const url = new URL(await locationOf(`${moduleProtocolPath(folded)}/1.0.0/download`));
    expect(url.pathname).toMatch(/\.tar\.gz\/\/net-work_1\.0$/);
    // go-getter takes the part after // away before it asks.
    url.pathname = url.pathname.replace(/\/\/net-work_1\.0$/, '');
    const file = await app.fetchLink(url.href);
    expect(file.body.equals(folded.archive)).toBe(true);
  });

  it('accepts every spelling of the version (checklist 42)', async () => {
    for (const version of ['1.2', 'v1.2', 'v1.2.0', '1.2.0']) {
      const url = new URL(await locationOf(`${base}/${version}/download`));
      expect(url.pathname).toMatch(/-1\.2\.0\.tar\.gz$/);
    }
  });

  it('answers HEAD with the same headers', async () => {
    const head = await app.request(path, { lean: true, method: 'HEAD' });
    expect(head).toMatchObject({ status: 204, body: Buffer.alloc(0) });
    expect(head.headers['x-terraform-get']).toMatch(/^http:\/\/registry\.test\//);
  });

  it('never redirects, whatever the spelling (checklist 110)', async () => {
    for (const target of [path, `${path}/`, `${path}?terraform-get=1`, path.replace('1.2.0', 'v1.2')]) {
      expect((await app.request(target, { lean: true })).status).toBe(204);
    }
    for (const target of [path.replace('/acme/', '/ACME/'), `${path}//`, path.replace('/v1/', '/V1/')]) {
      expect((await app.request(target, { lean: true })).status).toBe(404);
    }
  });

  it('counts each GET once and no HEAD, with or without a CLI, in number and metric (checklist 62)', async () => {
    const counted = aModule({ namespace: 'counted' });
    await app.publishModule(counted);
    const target = `${moduleProtocolPath(counted)}/1.0.0/download`;
    const labels = { namespace: 'counted', system: 'aws' };
    for (let round = 0; round < 5; round += 1) await locationOf(target);
    await locationOf(target, false);
    await locationOf(target.replace('1.0.0', 'v1'));
    for (const lean of [true, false]) await app.request(target, { lean, method: 'HEAD' });
    await app.fetchLink(await locationOf(target));
    const versions = await app.request(`${moduleProtocolPath(counted)}/versions`);
    expect(versions.json()).toMatchObject({ modules: [{ versions: [{ download_count: 8 }] }] });
    const detail = await app.request(moduleApiPath(counted));
    expect(detail.json()).toMatchObject({ download_count: 8, versions: [{ download_count: 8 }] });
    expect(await app.metric('module_downloads_total', labels)).toBe(8);
  });

  it('counts exactly under 200 parallel downloads', async () => {
    const counted = aModule({ namespace: 'crowd' });
    await app.publishModule(counted);
    const target = `${moduleProtocolPath(counted)}/1.0.0/download`;
    await Promise.all(Array.from({ length: 200 }, () => locationOf(target)));
    const detail = await app.request(moduleApiPath(counted));
    expect(detail.json()).toMatchObject({ download_count: 200 });
    expect(await app.metric('module_downloads_total', { namespace: 'crowd', system: 'aws' })).toBe(200);
  });

  it.each([
    ['1.x', /^Invalid version format: /],
    ['1.02.0', /leading zeros/],
    ['latest', /^Invalid version format: /],
    ['1.0.0.0', /^Invalid version format: /],
    [`1.0.0-${'a'.repeat(70)}`, /at most 64/],
    ['2147483648.0.0', /at most 2147483647/],
  ])('refuses the version %s with 400, not 5xx (checklist 108, 111)', async (version, sentence) => {
    for (const lean of [true, false]) {
      const answer = await app.request(`${base}/${version}/download`, { lean });
      expect(answer.status).toBe(400);
      const body = answer.json<{ error: string; errors: string[] }>();
      expect(body.error).toMatch(sentence);
      expect(body.errors).toEqual([body.error]);
    }
  });

  it('reads + in a version raw and as %2B alike (checklist 118)', async () => {
    const raw = await app.request(`${base}/1.2.0+b1/download`, { lean: true });
    const escaped = await app.request(`${base}/1.2.0%2Bb1/download`, { lean: true });
    for (const answer of [raw, escaped]) {
      const sentence = 'Invalid version format: build metadata (+…) is not accepted';
      expectProtocolError(answer, 400, sentence);
    }
  });

  it('tells an unknown module from an unknown version, in both forms (checklist 43, 111)', async () => {
    for (const lean of [true, false]) {
      const noVersion = await app.request(`${base}/9.9.9/download`, { lean });
      expectProtocolError(noVersion, 404, 'Module version not found');
      const noModule = await app.request('/v1/modules/acme/nothing/aws/1.0.0/download', { lean });
      expectProtocolError(noModule, 404, 'Module not found');
    }
  });

  it('never answers another status than that of an error with an error (checklist 15, 116)', async () => {
    for (const target of [`${base}/9.9.9/download`, `${base}/x/download`, '/v1/modules/a/b/c/d/e/f']) {
      const answer = await app.request(target, { lean: true, headers: { accept: 'text/html' } });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(answer.json()).toHaveProperty('errors');
    }
  });

  it('refuses a quarantined version with 410: one line of text for a CLI, JSON for others (checklist 58, 111)', async () => {
    const held = aModule();
    await app.publishModule(held);
    await app.publishModule({ ...held, version: '1.1.0' });
    await app.query(
      `UPDATE module_versions SET state = 'quarantined', state_reason = 'CVE-2026-1'
       WHERE version = '1.0.0' AND module_id = (SELECT id FROM registry_modules WHERE name = $1)`,
      [held.name],
    );
    // A change of the version rebuilds its documents.
    const deprecate = `${moduleApiPath(held)}/versions/1.0.0/deprecate`;
    await app.request(deprecate, { method: 'POST', key: app.publisherKey });
    const target = `${moduleProtocolPath(held)}/1.0.0/download`;
    const cli = await app.request(target, { lean: true });
    expect(cli).toMatchObject({ status: 410, body: Buffer.from('CVE-2026-1\n') });
    expect(cli.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(cli.reason).toBe('CVE-2026-1');
    expectProtocolError(await app.request(target), 410, 'CVE-2026-1');
    const list = await app.request(`${moduleProtocolPath(held)}/versions`, { lean: true });
    expect(list.json()).toMatchObject({
      modules: [{ versions: [{ version: '1.1.0' }] }],
    });
  });

  it('is answered by a second process at once, and counted there too', async () => {
    const shared = aModule({ namespace: 'shared' });
    const target = `${moduleProtocolPath(shared)}/1.0.0/download`;
    const second = await app.another();
    let downloads = 0;
    const statusOf = async (): Promise<number> => {
      const { status } = await second.request(target, { lean: true });
      if (status === 204) downloads += 1;
      return status;
    };
    try {
      expect(await statusOf(), 'known to be absent').toBe(404);
      expect((await app.publishModule(shared)).status).toBe(201);
      await expect.poll(statusOf, { timeout: 2_000 }).toBe(204);
      const list = await second.request(`${moduleProtocolPath(shared)}/versions`, { lean: true });
      expect(list.json()).toMatchObject({ modules: [{ versions: [{ version: '1.0.0' }] }] });
      const answer = await second.request(target, { lean: true });
      downloads += 1;
      const file = await app.fetchLink(String(answer.headers['x-terraform-get']));
      expect(file.body.equals(shared.archive)).toBe(true);
    } finally {
      await second.stop();
    }
    const detail = await app.request(moduleApiPath(shared));
    expect(detail.json()).toMatchObject({ download_count: downloads });
  });
});
