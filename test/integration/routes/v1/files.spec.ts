import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aModule, moduleProtocolPath } from '../../../support/factories/module.factory.js';
import { aProvider } from '../../../support/factories/provider.factory.js';
import { TestApp } from '../../../support/test-app.js';
import { expectApiError, sha256 } from '../support/expectations.js';
import { type DownloadDocument } from '../support/served-release.js';

describe('GET /v1/files/{key…} as a client gets there', () => {
  let app: TestApp;
  const module = aModule();
  const provider = aProvider();
  let archive: URL;
  let document: DownloadDocument;

  beforeAll(async () => {
    app = await TestApp.start();
    expect((await app.publishModule(module)).status).toBe(201);
    expect((await app.publishProvider(provider)).status).toBe(201);
    const location = await app.request(`${moduleProtocolPath(module)}/1.0.0/download`, { lean: true });
    archive = new URL(String(location.headers['x-terraform-get']));
    const path = `/v1/providers/${provider.namespace}/${provider.type}/1.0.0/download/linux/amd64`;
    document = (await app.request(path, { lean: true })).json<DownloadDocument & Record<string, unknown>>();
  });
  afterAll(() => app?.stop());

  it('serves archive, package, checksums and signature without a credential, as often as asked (checklist 16, 18, 75)', async () => {
    const links = [archive.href, document.download_url, document.shasums_url, document.shasums_signature_url];
    const types = ['application/gzip', 'application/zip', 'text/plain', 'application/octet-stream'];
    for (const [index, link] of links.entries()) {
      for (let round = 0; round < 2; round += 1) {
        const get = await app.fetchLink(link);
        expect(get.status).toBe(200);
        expect(get.headers['content-type']).toMatch(new RegExp(`^${types[index]}`));
        expect(get.headers['x-checksum-sha256']).toBe(sha256(get.body));
        expect(get.headers['etag']).toBe(`"${sha256(get.body)}"`);
      }
    }
  });

  it('answers HEAD like GET, without the body (checklist 18, 53, 92)', async () => {
    for (const link of [archive.href, document.download_url]) {
      const get = await app.fetchLink(link);
      const head = await app.fetchLink(link, { method: 'HEAD' });
      expect(head).toMatchObject({ status: 200, body: Buffer.alloc(0) });
      expect(head.headers['content-length']).toBe(get.headers['content-length']);
    }
  });

  it('ignores a credential beside the signature, foreign parameters and their order (checklist 17, 19, 117)', async () => {
    const parameters = [...archive.searchParams].reverse();
    const turned = new URL(archive);
    turned.search = new URLSearchParams([
      ['terraform-get', '1'],
      ['archive', 'tar.gz'],
      ...parameters,
    ]).toString();
    for (const authorization of ['Bearer nonsense', 'Basic bm9ib2R5Om5vdGhpbmc=']) {
      const file = await app.fetchLink(turned.href, { headers: { authorization } });
      expect(file.status).toBe(200);
      expect(file.body.equals(module.archive)).toBe(true);
    }
  });

  it('serves ranges that are right, as it says (checklist 93)', async () => {
    const file = await app.fetchLink(archive.href, { headers: { range: 'bytes=10-19' } });
    expect(file.status).toBe(206);
    expect(file.headers['accept-ranges']).toBe('bytes');
    expect(file.body.equals(module.archive.subarray(10, 20))).toBe(true);
  });

  it('never compresses (checklist 52)', async () => {
    const file = await app.fetchLink(document.shasums_url, { headers: { 'accept-encoding': 'gzip' } });
    expect(file.headers['content-encoding']).toBeUndefined();
  });

  it('opens a bare address with a credential of a reader, as Bearer or as Basic (checklist 22)', async () => {
    const bare = archive.pathname;
    const reader = await app.issueKey('modules:read');
    const basic = Buffer.from(`anybody:${reader}`).toString('base64');
    for (const authorization of [`Bearer ${reader}`, `Basic ${basic}`]) {
      const file = await app.request(bare, { headers: { authorization } });
      expect(file.status).toBe(200);
      expect(file.body.equals(module.archive)).toBe(true);
    }
  });

  it('refuses a signature for another object, a later expiry, and none (checklist 20, 21)', async () => {
    const forged = new URL(archive);
    forged.pathname = new URL(document.download_url).pathname;
    const longer = new URL(archive);
    longer.searchParams.set('expires', String(Number(longer.searchParams.get('expires')) + 1));
    const bare = new URL(archive);
    bare.search = '';
    for (const url of [forged, longer, bare]) {
      expectApiError(await app.fetchLink(url.href), 403, 'Invalid or missing signature');
    }
  });
});
