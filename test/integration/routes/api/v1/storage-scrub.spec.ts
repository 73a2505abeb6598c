import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { packTarGz, testSigner } from '../../../../support/build-fixtures.js';
import { aModule, moduleProtocolPath } from '../../../../support/factories/module.factory.js';
import { aProvider, aSignedRelease } from '../../../../support/factories/provider.factory.js';
import type { Answer } from '../../../../support/http-request.js';
import { TestApp } from '../../../../support/test-app.js';

const PATH = '/api/v1/storage/scrub';

interface Damaged {
  readonly id: string;
  readonly key: string;
  readonly damage: string;
  readonly repair_result: string | null;
  readonly repair_message: string | null;
}

interface State {
  readonly enabled: boolean;
  readonly storages: readonly Record<string, unknown>[];
  readonly damaged: readonly Damaged[];
  readonly pagination: Record<string, number>;
}

let app: TestApp;
let admin: string;
beforeAll(async () => {
  app = await TestApp.start();
  admin = await app.issueKey('admin');
});
afterAll(async () => {
  // Damage is an error in the log, which the end of a test does not forgive.
  const lines = app.logged() as string[];
  const isWanted = (line: string) =>
    line.includes('Stored bytes are damaged') || line.includes('artifact_damaged');
  lines.splice(0, lines.length, ...lines.filter((line) => !isWanted(line)));
  await app.stop();
});

const get = (query = ''): Promise<Answer> => app.request(`${PATH}${query}`, { key: admin });
const post = (path: string, json: object = {}, key = admin): Promise<Answer> =>
  app.request(`${PATH}${path}`, { method: 'POST', key, json });

async function state(query = ''): Promise<State> {
  const answer = await get(query);
  expect(answer.status, answer.body.toString()).toBe(200);
  return answer.json<State & Record<string, unknown>>();
}

/** Starts a scrub and waits for its end. */
async function scrub(): Promise<State> {
  const answer = await post('/run');
  expect(answer.status, answer.body.toString()).toBe(202);
  return vi.waitFor(
    async () => {
      const now = await state();
      expect(now.storages).toMatchObject([{ state: 'idle', objects_due: 0 }]);
      return now;
    },
    { timeout: 20_000, interval: 100 },
  );
}

function fileOf(key: string, directory = app.config.storage.localBasePath): string {
  return join(directory, key);
}

/** Publishes a module of more bytes than the server holds in memory; where it is, and how to get it. */
async function publish(): Promise<{ key: string; download: () => Promise<Answer> }> {
  const data = randomBytes(100_000).toString('base64');
  const module = aModule({
    archive: packTarGz([{ name: 'main.tf', data: `# ${data}\n` }]),
    version: '1.0.0',
  });
  expect((await app.publishModule(module)).status).toBe(201);
  const path = `${moduleProtocolPath(module)}/1.0.0/download`;
  const link = async (): Promise<string> =>
    String((await app.request(path, { lean: true })).headers['x-terraform-get']);
  const key = decodeURIComponent(new URL(await link()).pathname.slice('/v1/files/'.length));
  return { key, download: async () => app.fetchLink(await link()) };
}

describe('the state of the scrub', () => {
  it('says how everything stands, before anything was read again', async () => {
    await publish();
    const now = await state();
    expect(now).toMatchObject({
      enabled: true,
      interval_seconds: 30 * 86_400,
      max_bytes_per_second: 20 * 1024 * 1024,
      damaged: [],
      pagination: { page: 1, per_page: 50, total: 0 },
    });
    expect(now.storages).toMatchObject([
      {
        storage: 'local',
        state: 'idle',
        problem: null,
        cycle_started_at: null,
        objects_total: 1,
        objects_damaged: 0,
      },
    ]);
  });

  it('pages through what is damaged', async () => {
    for (let n = 0; n < 3; n += 1) {
      await app.query(
        `INSERT INTO artifacts (storage, key, digest, size_bytes, state, committed_at, damaged_at, damage, repair_tried_at)
         VALUES ('elsewhere', $1, 'd', 1, 'committed', now(), now(), 'missing', now())`,
        [`blobs/${n}`],
      );
    }
    const [first, second] = [await state('?per_page=2'), await state('?per_page=2&page=2')];
    expect(first.damaged).toHaveLength(2);
    expect(second.damaged).toHaveLength(1);
    expect(second.pagination).toEqual({ page: 2, per_page: 2, total: 3 });
    await app.query(`DELETE FROM artifacts WHERE storage = 'elsewhere'`);
  });

  it('is for platform administrators only', async () => {
    expect((await app.request(PATH, { key: app.publisherKey })).status).toBe(403);
    expect((await app.request(PATH)).status).toBe(401);
    expect((await post('/run', {}, app.publisherKey)).status).toBe(403);
  });
});

describe('a scrub that an administrator asks for', () => {
  it('finds damage, answers 503 for it, and has it repaired when the right bytes are there', async () => {
    const { key, download } = await publish();
    const right = await readFile(fileOf(key));
    const wrong = Buffer.from(right);
    wrong[70_000]! ^= 1;
    await writeFile(fileOf(key), wrong);
    expect((await download()).status).toBe(200);
    const found = await scrub();
    expect(found.damaged).toMatchObject([{ key, damage: 'wrong-digest', repair_result: 'no-source' }]);
    expect(found.damaged[0]!.repair_message).toContain('backup');
    const refused = await download();
    expect([refused.status, refused.json().code]).toEqual([503, 'artifact_damaged']);
    expect(await app.metric('storage_damaged_objects', { storage: 'local' })).toBe(1);
    expect(await app.metric('storage_repairs_total', { storage: 'local', outcome: 'no-source' })).toBe(1);
    expect(await app.metric('storage_scrubbed_objects_total', { storage: 'local' })).toBeGreaterThan(1);

    const directory = await addStorage();
    await mkdir(dirname(fileOf(key, directory)), { recursive: true });
    await writeFile(fileOf(key, directory), right);
    const { id } = found.damaged[0]!;
    const answer = await post(`/artifacts/${id}/repair`);
    expect(answer.status, answer.body.toString()).toBe(202);
    expect(answer.json()).toMatchObject({ artifact: { id, damage: 'wrong-digest' } });
    await vi.waitFor(async () => expect((await state()).damaged).toEqual([]), {
      timeout: 20_000,
      interval: 100,
    });
    expect(await readFile(fileOf(key))).toEqual(right);
    expect((await download()).body).toEqual(right);
    await rm(fileOf(key, directory));
    expect(await actions(id)).toEqual([
      'storage.artifact_damaged',
      `POST ${PATH}/artifacts/:id/repair`,
      'storage.artifact_repaired',
    ]);
  });

  it('checks that the recorded key signed the checksums of providers, and that they list each package', async () => {
    const release = await aSignedRelease(await testSigner());
    expect((await app.publishRelease(release)).status).toBe(201);
    const provider = aProvider();
    expect((await app.publishProvider(provider)).status).toBe(201);
    expect((await scrub()).damaged).toEqual([]);
    const [held] = await app.query<{ armor: string; filename: string; package: string }>(
      `SELECT v.signing_key_armor AS armor, g.filename, g.id AS package FROM provider_versions v
       JOIN registry_providers p ON p.id = v.provider_id JOIN provider_packages g ON g.version_id = v.id
       WHERE p.type = $1`,
      [provider.type],
    );
    await app.query(`UPDATE provider_versions SET signing_key_armor = $1 WHERE signing_key_armor = $2`, [
      release.publicKey,
      held!.armor,
    ]);
    await app.query(`UPDATE provider_packages SET filename = 'another.zip' WHERE id = $1`, [held!.package]);
    const found = await scrub();
    expect(found.damaged.map(({ damage, repair_result: result }) => [damage, result])).toEqual(
      Array.from({ length: 3 }, () => ['failed-check', 'not-repairable']),
    );
    for (const { key } of found.damaged) expect(key).toContain(provider.type);
    await app.query(
      `UPDATE provider_versions v SET signing_key_armor = $1 FROM registry_providers p
      WHERE p.id = v.provider_id AND p.type = $2`,
      [held!.armor, provider.type],
    );
    await app.query(`UPDATE provider_packages SET filename = $1 WHERE id = $2`, [
      held!.filename,
      held!.package,
    ]);
    expect((await scrub()).damaged).toEqual([]);
  });

  it('is recorded', async () => {
    await scrub();
    const rows = await app.query<{ metadata: Record<string, unknown> }>(
      `SELECT metadata FROM audit_entries WHERE action = $1 ORDER BY created_at DESC LIMIT 1`,
      [`POST ${PATH}/run`],
    );
    expect(rows[0]!.metadata).toMatchObject({ storage: 'local', after: { scrub: 'started' } });
  });

  it('needs a storage that is in use', async () => {
    const answer = await post('/run', { storage: 'nobody' });
    expect([answer.status, answer.json().code]).toEqual([404, 'storage_not_in_use']);
    expect((await post('/run', { storage: 7 })).status).toBe(400);
  });

  it('is refused while one is under way', async () => {
    await app.query(`UPDATE storage_scrubs SET cycle_started_at = now(), cycle_ended_at = NULL, problem = NULL,
      lease_holder = gen_random_uuid(), lease_until = now() + interval '1 minute'`);
    const answer = await post('/run', { storage: 'local' });
    expect([answer.status, answer.json().code]).toEqual([409, 'scrub_running']);
    await app.query(
      `UPDATE storage_scrubs SET cycle_ended_at = now(), lease_holder = NULL, lease_until = NULL`,
    );
  });

  it('is refused where it is switched off', async () => {
    const off = await TestApp.start({ TFR_STORAGE_SCRUB_ENABLED: 'false' });
    const key = await off.issueKey('admin');
    const answer = await off.request(`${PATH}/run`, { method: 'POST', key });
    expect([answer.status, answer.json().code]).toEqual([409, 'scrub_disabled']);
    expect((await off.request(PATH, { key })).json()).toMatchObject({ enabled: false });
    await off.stop();
  });
});

describe('a repair that an administrator asks for', () => {
  it('needs a stored object that is damaged', async () => {
    const [{ id }] = (await app.query<{ id: string }>(`SELECT id FROM artifacts LIMIT 1`)) as [
      { id: string },
    ];
    const codes = [];
    for (const path of [
      `/artifacts/${id}/repair`,
      `/artifacts/${randomUUID()}/repair`,
      '/artifacts/x/repair',
    ]) {
      const answer = await post(path);
      codes.push([answer.status, answer.json().error]);
    }
    expect(codes).toEqual([
      [409, 'This stored object is not known to be damaged'],
      [404, 'Stored object not found'],
      [400, 'Invalid artifact ID'],
    ]);
  });
});

/** A stored storage configuration that is not active; its directory. */
async function addStorage(): Promise<string> {
  const directory = join(app.config.storage.localBasePath, 'second');
  const answer = await app.request('/api/v1/storage/configs', {
    method: 'POST',
    key: admin,
    json: { backend_type: 'local', local_base_path: directory, activate: false },
  });
  expect(answer.status, answer.body.toString()).toBe(201);
  return directory;
}

async function actions(id: string): Promise<string[]> {
  const rows = await app.query<{ action: string }>(
    `SELECT action FROM audit_entries WHERE resource_id = $1 ORDER BY created_at`,
    [id],
  );
  return rows.map(({ action }) => action);
}
