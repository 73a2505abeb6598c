import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Version } from '../../../../../src/kernel/terraform/version.js';
import { aModule, moduleApiPath, moduleProtocolPath } from '../../../../support/factories/module.factory.js';
import { packTarGz } from '../../../../support/build-fixtures.js';
import { TestApp } from '../../../../support/test-app.js';
import { anUuid, aTime, expectProtocolError } from '../../support/expectations.js';

interface Versions {
  modules: [{ source: string; versions: ({ version: string } & Record<string, unknown>)[] }];
}

describe('GET /v1/modules/{namespace}/{name}/{system}/versions', () => {
  let app: TestApp;
  const module = aModule({
    archive: packTarGz([
      { name: 'main.tf', data: '' },
      { name: 'README.md', data: '# The network\n' },
    ]),
  });
  const path = `${moduleProtocolPath(module)}/versions`;
  const published = ['1.0.0', '1.10.0', '1.9.0', '2.0.0-rc.1', '2.0.0-rc.10', '2.0.0-rc.2'];
  const newestFirst = ['2.0.0-rc.10', '2.0.0-rc.2', '2.0.0-rc.1', '1.10.0', '1.9.0', '1.0.0'];

  beforeAll(async () => {
    app = await TestApp.start();
    for (const version of published) {
      expect((await app.publishModule({ ...module, version })).status).toBe(201);
    }
  });
  afterAll(() => app?.stop());

  const listed = async (target = path, lean = true): Promise<Versions['modules'][0]['versions']> => {
    const answer = await app.request(target, { lean });
    expect(answer.status).toBe(200);
    return answer.json<Versions & Record<string, unknown>>().modules[0].versions;
  };

  describe('for a CLI', () => {
    it('has one module with exactly the version of each, newest first, pre-releases too (checklist 40, 42, 57)', async () => {
      const answer = await app.request(path, { lean: true });
      expect(answer.status).toBe(200);
      expect(answer.json()).toEqual({
        modules: [
          {
            source: `${module.namespace}/${module.name}/${module.system}`,
            versions: newestFirst.map((version) => ({ version })),
          },
        ],
      });
    });

    it('says that it varies, may be kept for a minute, and what its ETag is (checklist 113)', async () => {
      const { headers } = await app.request(path, { lean: true });
      expect(headers['vary']).toBe('X-Terraform-Version');
      expect(headers['cache-control']).toBe('public, max-age=60');
      expect(headers['etag']).toMatch(/^"[0-9a-f]{32}"$/);
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
      const again = await app.request(path, {
        lean: true,
        headers: { 'if-none-match': String(headers['etag']) },
      });
      expect(again).toMatchObject({ status: 304, body: Buffer.alloc(0) });
    });

    it('is kept by nobody else when the request had a credential (checklist 13, 113)', async () => {
      const answer = await app.request(path, { lean: true, key: app.publisherKey });
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('private, no-cache');
    });

    it('carries deprecation with reason and link (checklist 65)', async () => {
      const other = aModule();
      await app.publishModule(other);
      const deprecate = `${moduleApiPath(other)}/versions/1.0.0/deprecate`;
      await app.request(deprecate, { method: 'POST', key: app.publisherKey, json: { message: 'Too old' } });
      expect(await listed(`${moduleProtocolPath(other)}/versions`)).toEqual([
        { version: '1.0.0', deprecation: { reason: 'Too old', link: '' } },
      ]);
    });
  });

  describe('for everybody else', () => {
    it('has every field of the contract, and none that has no value', async () => {
      const versions = await listed(path, false);
      expect(versions.map(({ version }) => version)).toEqual(newestFirst);
      expect(versions[0]).toEqual({
        id: anUuid,
        version: '2.0.0-rc.10',
        published_at: aTime,
        published_by_name: 'ci',
        download_count: 0,
        readme: '# The network\n',
        deprecated: false,
        state: 'active',
      });
    });

    it('leaves the READMEs out when asked', async () => {
      const versions = await listed(`${path}?readme=false`, false);
      expect(versions).toHaveLength(published.length);
      for (const version of versions) expect(version).not.toHaveProperty('readme');
    });

    it('pages only when asked, and never less than everything otherwise (checklist 41)', async () => {
      const textsOf = async (query: string) =>
        (await listed(`${path}${query}`, false)).map(({ version }) => version);
      expect(await textsOf('?limit=2')).toEqual(newestFirst.slice(0, 2));
      expect(await textsOf('?limit=2&offset=3')).toEqual(newestFirst.slice(3, 5));
      expect(await textsOf('?offset=5')).toEqual(newestFirst.slice(5));
      expect(await textsOf('?limit=many&offset=-1')).toEqual(newestFirst);
    });

    it('has the mark of deprecation with its time and message', async () => {
      const other = aModule();
      await app.publishModule(other);
      const deprecate = `${moduleApiPath(other)}/versions/1.0.0/deprecate`;
      await app.request(deprecate, { method: 'POST', key: app.publisherKey });
      const [version] = await listed(`${moduleProtocolPath(other)}/versions`, false);
      expect(version).toMatchObject({ deprecated: true, deprecated_at: aTime });
      expect(version).not.toHaveProperty('deprecation_message');
    });

    it('varies, has an ETag of its own and answers 304 to it (checklist 113)', async () => {
      const lean = await app.request(path, { lean: true });
      const rich = await app.request(path);
      expect(rich.headers['vary']).toContain('X-Terraform-Version');
      expect(rich.headers['cache-control']).toBe('public, max-age=60');
      expect(rich.headers['etag']).not.toBe(lean.headers['etag']);
      const again = await app.request(path, { headers: { 'if-none-match': String(rich.headers['etag']) } });
      expect(again.status).toBe(304);
      const personal = await app.request(path, { key: app.publisherKey });
      expect(personal.headers['cache-control']).toBe('private, no-cache');
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
    for (const accept of [undefined, '*/*', 'application/json', 'text/html']) {
      for (const lean of [true, false]) {
        const answer = await app.request(path, { lean, headers: accept === undefined ? {} : { accept } });
        expect(answer.status).toBe(200);
        expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      }
    }
  });

  it('says 404 for a module that does not exist, in both forms, with both error fields (checklist 43, 86, 108, 111)', async () => {
    for (const lean of [true, false]) {
      for (const other of ['acme/nothing/aws', 'acme/vpc-1/gcp', 'nobody/vpc-1/aws']) {
        const answer = await app.request(`/v1/modules/${other}/versions`, { lean });
        expectProtocolError(answer, 404, 'Module not found');
      }
    }
  });

  it('says 200 with an empty list for a module without versions (checklist 43)', async () => {
    const empty = aModule();
    const record = { namespace: empty.namespace, name: empty.name, system: empty.system };
    const created = await app.request('/api/v1/admin/modules/create', {
      method: 'POST',
      key: app.publisherKey,
      json: record,
    });
    expect(created.status).toBe(201);
    for (const lean of [true, false]) {
      expect(await listed(`${moduleProtocolPath(empty)}/versions`, lean)).toEqual([]);
    }
  });

  it('knows an address in its own spelling only (checklist 55)', async () => {
    for (const lean of [true, false]) {
      const shouted = path.replace('/acme/', '/ACME/');
      expectProtocolError(await app.request(shouted, { lean }), 404, 'Module not found');
    }
  });

  it('refuses other methods (checklist 109)', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await app.request(path, { method, lean: true });
      expectProtocolError(answer, 405, 'Method not allowed');
    }
  });

  it('holds 5 000 versions complete in one answer, well within 10 s (checklist 41, 106, 112)', async () => {
    const large = aModule();
    expect((await app.publishModule(large)).status).toBe(201);
    const versions = Array.from({ length: 4_998 }, (_, index) => Version.parse(`2.${index}.0`));
    await app.query(
      `INSERT INTO module_versions (module_id, version, sort_key, state, artifact_id, digest, size_bytes, filename)
       SELECT v.module_id, n.version, n.sort_key, 'active', v.artifact_id, v.digest, v.size_bytes, v.filename
       FROM module_versions v JOIN registry_modules m ON m.id = v.module_id,
         unnest($2::text[], $3::text[]) AS n (version, sort_key)
       WHERE m.name = $1`,
      [large.name, versions.map(({ text }) => text), versions.map(({ sortKey }) => sortKey)],
    );
    expect((await app.publishModule({ ...large, version: '3.0.0' })).status).toBe(201);
    const expected = ['3.0.0', ...versions.map(({ text }) => text).reverse(), '1.0.0'];
    for (const lean of [true, false]) {
      const started = performance.now();
      const found = await listed(`${moduleProtocolPath(large)}/versions`, lean);
      expect(performance.now() - started).toBeLessThan(10_000);
      expect(found.map(({ version }) => version)).toEqual(expected);
      const packed = await app.request(`${moduleProtocolPath(large)}/versions`, {
        lean,
        headers: { 'accept-encoding': 'gzip' },
      });
      const text = packed.headers['content-encoding'] === 'gzip' ? gunzipSync(packed.body) : packed.body;
      expect(JSON.parse(text.toString()).modules[0].versions).toHaveLength(5_000);
      if (lean) expect(packed.headers['content-encoding']).toBe('gzip');
    }
  });
});
