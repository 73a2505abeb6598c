import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import { ApiKeys } from '../../../src/auth/api-keys.service.js';
import { type RunningServer, startServer } from '../../../src/bootstrap.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { StatementCounter } from '../../../src/platform/database/statement-counter.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { FastPath } from '../../../src/platform/documents/fast-path.js';
import { artifactLink, type PreparedDocument } from '../../../src/platform/documents/prepared-document.js';
import { ProtocolDocuments } from '../../../src/platform/documents/protocol-documents.service.js';
import { ReadDecisions } from '../../../src/platform/documents/read-decisions.js';
import { Metrics } from '../../../src/platform/metrics/metrics.js';
import { DownloadTotals } from '../../../src/usage/download-totals.service.js';
import { type TestDatabase, createTestDatabase } from '../../support/database.js';
import { freePorts } from '../../support/free-port.js';

const KEY = (name: string) => `blobs/sha256/ab/cd/${'abcd'.repeat(16)}/${name}`;
const LEAN = { 'X-Terraform-Version': '1.11.4' };
const MODULE_VERSION = randomUUID();
const PACKAGE = randomUUID();

const list = (length: number) =>
  JSON.stringify({
    modules: [{ versions: Array.from({ length }, (_, index) => ({ version: `1.0.${index}` })) }],
  });

/** One of every kind of document, in a namespace that everybody may read. */
const KINDS: Record<string, PreparedDocument> = {
  'short module version list': publicDocument('/v1/modules/open/short/aws/versions', list(3)),
  'long module version list': publicDocument('/v1/modules/open/long/aws/versions', list(500)),
  'module download': {
    ...publicDocument('/v1/modules/open/short/aws/1.0.0/download', ''),
    status: 204,
    body: JSON.stringify({
      location: artifactLink(KEY('short-aws-1.0.0.tar.gz'), { folder: 'top', checksum: true }),
    }),
    download: { kind: 'module', targetId: MODULE_VERSION, labels: { namespace: 'open', system: 'aws' } },
  },
  'provider version list': {
    ...publicDocument('/v1/providers/open/toy/versions', '{"versions":[]}'),
    scope: 'providers:read',
  },
  'provider download': {
    ...publicDocument('/v1/providers/open/toy/1.0.0/download/linux/amd64', ''),
    scope: 'providers:read',
    body: JSON.stringify({
      download_url: artifactLink(KEY('terraform-provider-toy_1.0.0_linux_amd64.zip')),
      shasums_url: artifactLink(KEY('terraform-provider-toy_1.0.0_SHA256SUMS')),
      ascii_armor: 'x'.repeat(2_000),
    }),
    download: {
      kind: 'provider',
      targetId: PACKAGE,
      labels: { namespace: 'open', type: 'toy', os: 'linux', arch: 'amd64' },
    },
  },
};

const VARIANTS: Record<string, Record<string, string>> = {
  'nothing else': {},
  gzip: { 'Accept-Encoding': 'gzip' },
  'several encodings': { 'Accept-Encoding': 'deflate, gzip;q=0.8, br' },
  'an unusable credential': { Authorization: 'Bearer nonsense' },
  'a matching tag': { 'If-None-Match': '*' },
  'a matching tag and gzip': { 'If-None-Match': '*', 'Accept-Encoding': 'gzip' },
  'another tag': { 'If-None-Match': '"other"' },
};

describe('answers ahead of the router', () => {
  let database: TestDatabase;
  let directory: string;
  let server: RunningServer;
  let isFast = false;
  let key: { key: string; id: string };

  beforeAll(async () => {
    database = await createTestDatabase();
    directory = mkdtempSync(join(tmpdir(), 'fast-path-'));
    server = await start(database, directory);
    const fastPath = get(FastPath);
    const answer = fastPath.answer.bind(fastPath);
    fastPath.answer = (...exchanged) => (isFast = answer(...exchanged));
    const [hidden] = await get(DataSource).query(
      `INSERT INTO organizations (name, display_name, visibility) VALUES ('hidden', 'Hidden', 'private') RETURNING id`,
    );
    await get(DataSource).query(
      `INSERT INTO namespace_claims (name, folded_name, organization_id)
       SELECT 'open', 'open', id FROM organizations WHERE is_default UNION ALL SELECT 'Hidden', 'hidden', $1::uuid`,
      [hidden.id],
    );
    key = await get(ApiKeys).issue({ name: 'reader', scopes: ['modules:read'], organizationId: hidden.id });
    await publish('module:open/short/aws', Object.values(KINDS));
    await publish('module:hidden/vpc/aws', [
      {
        ...publicDocument('/v1/modules/Hidden/vpc/aws/versions', list(3)),
        namespace: 'Hidden',
        visibility: 'private',
      },
    ]);
  });
  afterAll(async () => {
    await server?.stop();
    await database.drop();
    rmSync(directory, { recursive: true });
  });

  const get = <T>(type: abstract new (...args: never[]) => T): T =>
    server.app.get(type as never, { strict: false });
  const publish = (subject: string, documents: PreparedDocument[]) =>
    get(Transactions).run(() => get(ProtocolDocuments).replace(subject, documents));
  const send = (path: string, headers: Record<string, string | string[]>, method = 'GET') => {
    isFast = false;
    return exchange(server.port, path, headers, method);
  };

  describe.each(Object.keys(KINDS))('of a %s', (kind) => {
    // The first request makes the signed links.
    beforeAll(() => send(KINDS[kind]!.path, LEAN));

    it.each(
      Object.keys(VARIANTS).flatMap((variant) => [['GET', variant] as const, ['HEAD', variant] as const]),
    )('are those of the router, byte for byte: %s with %s', async (method, variant) => {
      const { path } = KINDS[kind]!;
      const headers = { ...LEAN, 'X-Request-ID': 'same-1', ...VARIANTS[variant]! };
      const fast = await send(path, headers, method);
      // It is recorded who downloads: whose credential it is has to be found out first.
      const isNamed = kind.endsWith('download') && method === 'GET' && variant === 'an unusable credential';
      expect(isFast).toBe(!isNamed);
      // A query string makes the request go to the router.
      const routed = await send(`${path}?`, headers, method);
      expect(isFast).toBe(false);
      expect(fast).toEqual(routed);
      expect(fast.status).toBeLessThan(400);
    });
  });

  it('cost no statement at all, whatever the kind', async () => {
    for (const { path } of Object.values(KINDS)) await send(path, LEAN);
    const before = get(StatementCounter).count;
    for (const { path } of Object.values(KINDS)) expect((await send(path, LEAN)).status).toBeLessThan(300);
    expect(get(StatementCounter).count).toBe(before);
  });

  it('count a GET once, a HEAD never, and move the metrics (checklist 62)', async () => {
    const ids = [MODULE_VERSION, PACKAGE];
    const before = await get(DownloadTotals).totals(ids);
    const paths = [KINDS['module download']!.path, KINDS['provider download']!.path];
    for (const path of paths) {
      await send(path, LEAN);
      await send(path, LEAN, 'HEAD');
      await send(`${path}?`, LEAN);
      await send(`${path}?`, LEAN, 'HEAD');
    }
    const after = await get(DownloadTotals).totals(ids);
    for (const id of ids) expect((after.get(id) ?? 0) - (before.get(id) ?? 0)).toBe(2);
    const { body } = await get(Metrics).render();
    expect(body).toMatch(/module_downloads_total\{namespace="open",system="aws"\} \d+/);
    expect(body).toMatch(
      /provider_downloads_total\{namespace="open",type="toy",os="linux",arch="amd64"\} \d+/,
    );
    expect(body).toContain(
      'http_requests_total{method="GET",path="/v1/modules/:namespace/:name/:system/:version/download",status="204"}',
    );
  });

  it.each([
    ['without X-Terraform-Version', {}],
    ['with two credentials', { ...LEAN, Authorization: ['Bearer a', 'Bearer b'] }],
    ['with another origin', { ...LEAN, Origin: 'https://web.example.com' }],
    ['with a cookie', { ...LEAN, Cookie: 'a=b' }],
  ])('are left to the router for a request %s', async (_, headers) => {
    await send(KINDS['short module version list']!.path, headers);
    expect(isFast).toBe(false);
  });

  it('are left to the router for an unknown path, another spelling, and another method', async () => {
    const { path } = KINDS['short module version list']!;
    for (const other of ['/v1/modules/open/none/aws/versions', path.replace('short', 'Short'), `${path}/`]) {
      await send(other, LEAN);
      expect(isFast).toBe(false);
    }
    expect((await send(path, LEAN, 'POST')).status).toBe(405);
  });

  it('give every request an id of its own unless it brought a harmless one', async () => {
    const { path } = KINDS['short module version list']!;
    const ids = await Promise.all(
      ['good.id-1', 'bad id', undefined].map(async (id) => {
        const { headers } = await send(path, { ...LEAN, ...(id && { 'X-Request-ID': id }) });
        return headers.find((header) => header.startsWith('x-request-id: '))?.slice(14);
      }),
    );
    expect(ids[0]).toBe('good.id-1');
    expect(ids[1]).toMatch(/^[0-9a-f-]{36}$/);
    expect(ids[2]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('hide a private namespace from everybody without the right, like one that is absent (threat C7)', async () => {
    const shape = (answer: Answer) => ({
      ...answer,
      body: answer.body.replaceAll(/"request_id":"[^"]*"/g, ''),
    });
    for (const headers of [{}, { Authorization: 'Bearer nonsense' }] as Record<string, string>[]) {
      const all = { ...LEAN, 'X-Request-ID': 'same-1', ...headers };
      const hidden = await send('/v1/modules/Hidden/vpc/aws/versions', all);
      expect(isFast).toBe(false);
      expect(hidden.status).toBe(404);
      expect(shape(hidden)).toEqual(shape(await send('/v1/modules/Nobody/vpc/aws/versions', all)));
    }
  });

  it('reach the holder of a right for a second after each decision, and stop with a revocation', async () => {
    const path = '/v1/modules/Hidden/vpc/aws/versions';
    const headers = { ...LEAN, Authorization: `Bearer ${key.key}` };
    get(ReadDecisions).clear();
    expect((await send(path, headers)).status).toBe(200);
    expect(isFast).toBe(false);
    let second = await send(path, headers);
    // Facts that were read before everything was forgotten count for nothing; they are read again within a second.
    for (let attempt = 0; attempt < 100 && !isFast; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      second = await send(path, headers);
    }
    expect(second.status).toBe(200);
    expect(isFast).toBe(true);
    expect(second.headers).toContain('cache-control: private, no-cache');
    await get(DataSource).query('UPDATE api_keys SET revoked_at = now() WHERE id = $1', [key.id]);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    expect((await send(path, headers)).status).toBe(404);
    expect(isFast).toBe(false);
  });

  it('carry links that are signed for everybody alike, and no cache may keep them', async () => {
    const { path } = KINDS['module download']!;
    const one = await send(path, { ...LEAN, 'X-Request-ID': 'a' });
    const other = await send(path, { ...LEAN, 'X-Request-ID': 'a', Authorization: 'Bearer nonsense' });
    expect(one.headers).toEqual(other.headers);
    expect(one.headers).toContain('cache-control: no-store');
    const location = one.headers.find((header) => header.startsWith('x-terraform-get: '));
    expect(location).toMatch(
      /\/v1\/files\/blobs\/sha256\/ab\/cd\/[0-9a-f]{64}\/short-aws-1\.0\.0\.tar\.gz\/\/top\?.*checksum=sha256:(abcd){16}$/,
    );
  });
});

interface Answer {
  status: number;
  /** `name: value`, sorted, without what differs by nature. */
  headers: string[];
  body: string;
}

function publicDocument(path: string, body: string): PreparedDocument {
  return { path, namespace: 'open', scope: 'modules:read', visibility: null, status: 200, body };
}

async function start(database: TestDatabase, directory: string): Promise<RunningServer> {
  const [port, metricsPort] = await freePorts(2);
  const { config } = loadConfig({
    cwd: directory,
    argv: [],
    env: {
      TFR_SERVER_HOST: '127.0.0.1',
      TFR_SERVER_PORT: String(port),
      TFR_TELEMETRY_METRICS_PROMETHEUS_PORT: String(metricsPort),
      TFR_DATABASE_URL: database.url,
      TFR_LOGGING_LEVEL: 'error',
      TFR_STORAGE_LOCAL_BASE_PATH: join(directory, 'storage'),
      TFR_STORAGE_TEMP_DIR: join(directory, 'tmp'),
      ENCRYPTION_KEY: `base64:${randomBytes(32).toString('base64')}`,
      TFR_JWT_SECRET: randomBytes(48).toString('base64'),
    },
  });
  return startServer(config);
}

/** Sends exactly these headers, a list as the same header several times. */
function exchange(
  port: number,
  path: string,
  headers: Record<string, string | string[]>,
  method: string,
): Promise<Answer> {
  return new Promise((done, fail) => {
    const call = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const { rawHeaders } = response;
        const lines = rawHeaders.flatMap((name, index) =>
          index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : [],
        );
        done({
          status: response.statusCode ?? 0,
          headers: lines.filter((line) => !/^date:/i.test(line)).sort(),
          body: Buffer.concat(chunks).toString('latin1'),
        });
      });
    });
    call.on('error', fail);
    call.end();
  });
}
