import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StorageConfigurationStore } from '../../../../../src/storage/storage-configuration-store.service.js';
import { aModule } from '../../../../support/factories/module.factory.js';
import type { Answer } from '../../../../support/http-request.js';
import { TestApp } from '../../../../support/test-app.js';
import { aTime, anUuid, expectApiError } from '../../support/expectations.js';

const MIGRATIONS = '/api/v1/storage/migrations';
const ABSENT = '00000000-0000-4000-8000-000000000000';
const SOON = { timeout: 20_000, interval: 20 };
const NOTHING = { objects: 0, bytes: 0 };

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly copied: { readonly objects: number; readonly bytes: number };
}

let app: TestApp;
let admin: string;
let target: string;
let directory: string;

const directories: string[] = [];

beforeAll(async () => {
  app = await TestApp.start({
    TFR_WORKER_LEASE: '2s',
    TFR_WORKER_POLL_INTERVAL: '100ms',
    // Slow enough to be met in the middle.
    TFR_STORAGE_MIGRATION_MAX_BYTES_PER_SECOND: '20000',
  });
  admin = await app.issueKey('admin');
});
beforeEach(async () => {
  [target, directory] = await addStorage();
});
afterEach(async () => {
  const waiting = `SELECT 1 FROM graphile_worker.jobs WHERE key = 'migrate-storage' OR
    (task_identifier = 'migrate-storage' AND locked_at IS NOT NULL)`;
  await expect.poll(() => app.query(waiting), { timeout: 10_000 }).toEqual([]);
  await app.query('TRUNCATE artifacts CASCADE');
  for (const root of [app.config.storage.localBasePath, ...directories])
    await rm(join(root, 'blobs'), { recursive: true, force: true });
});
afterAll(async () => {
  await app?.stop();
  for (const one of directories) await rm(one, { recursive: true, force: true });
});

/** A stored configuration of a new directory. */
async function addStorage(): Promise<[string, string]> {
  const basePath = await mkdtemp(join(tmpdir(), 'tfr-target-'));
  directories.push(basePath);
  const settings = { type: 'local', basePath, serveDirectly: true } as const;
  const configurations = app.get(StorageConfigurationStore);
  return [(await configurations.add(settings, { isActive: false, createdBy: null })).id, basePath];
}

async function publish(count: number): Promise<void> {
  for (let number = 0; number < count; number += 1)
    expect((await app.publishModule(aModule())).status).toBe(201);
}

const send = (path: string, json?: unknown, key = admin): Promise<Answer> =>
  app.request(`${MIGRATIONS}${path}`, { method: 'POST', json: json ?? {}, key });
const show = async (id: string): Promise<Shown> =>
  (await app.request(`${MIGRATIONS}/${id}`, { key: admin })).json<Shown>();
const start = async (more: object = {}): Promise<Shown> => {
  const answer = await send('', { source: 'local', target, ...more });
  expect(answer.status, answer.body.toString()).toBe(201);
  return answer.json<Shown>();
};
async function expectState(id: string, state: string): Promise<void> {
  await expect.poll(async () => (await show(id)).state, SOON).toBe(state);
}

function expectConflict({ status, json }: Answer, sentence: RegExp): void {
  expect(status).toBe(409);
  expect(json()).toMatchObject({
    error: expect.stringMatching(sentence) as string,
    details: expect.stringMatching(/^The migration is (paused|completed)$/) as string,
  });
}

async function bytesInUse(): Promise<number> {
  const [row] = await app.query<{ bytes: number }>(
    'SELECT coalesce(sum(size_bytes), 0)::float8 AS bytes FROM artifacts',
  );
  return row!.bytes;
}

describe('POST /api/v1/storage/migrations', () => {
  it('says with dry_run what it would move, and does nothing', async () => {
    await publish(2);
    const answer = await send('', { source: 'local', target, dry_run: true });
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      dry_run: true,
      source: 'local',
      target,
      to_move: { objects: 2, bytes: await bytesInUse() },
      in_target: NOTHING,
    });
    expect(await app.query('SELECT 1 FROM storage_migrations WHERE target = $1', [target])).toEqual([]);
    const audited = `SELECT 1 FROM audit_entries WHERE metadata ->> 'target' = $1`;
    expect(await app.query(audited, [target])).toEqual([]);
  });

  it('starts a migration, which a worker brings to its end', async () => {
    await publish(3);
    const bytes = await bytesInUse();
    const answer = await send('', { source: 'local', target });
    expect(answer.status).toBe(201);
    const total = { objects: 3, bytes };
    const begun = answer.json<Shown>();
    expect(begun).toEqual({
      id: anUuid,
      ...{ source: 'local', target, state: 'planned', verify: true },
      ...{ total, copied: NOTHING, verified: NOTHING, bytes_per_second: 0 },
      ...{ worker: null, waiting_until: null, last_error: null, created_by: null },
      ...{ created_at: aTime, started_at: null, finished_at: null },
    });
    await expectState(begun.id, 'completed');
    expect(await show(begun.id)).toEqual({
      ...begun,
      ...{ state: 'completed', copied: total, verified: total, started_at: aTime, finished_at: aTime },
      ...{ failed: 0, errors: [], in_source: NOTHING, left_to_sweep: total, in_target: total },
    });
    const actions = await app.query(
      `SELECT action, resource_id AS id, metadata -> 'after' ->> 'state' AS state, metadata ->> 'target' AS target
       FROM audit_entries WHERE resource_id = $1 ORDER BY chain_seq`,
      [begun.id],
    );
    expect(actions).toEqual([
      { action: `POST ${MIGRATIONS}`, id: begun.id, state: 'planned', target },
      { action: 'JOB migrate-storage', id: begun.id, state: 'running', target },
      { action: 'JOB migrate-storage', id: begun.id, state: 'completed', target },
    ]);
    expect(await app.metric('storage_migration_objects_total', { outcome: 'moved' })).toBeGreaterThan(2);
  });

  it.each([
    [{}, 'source'],
    [{ source: 'local' }, 'target'],
    [{ source: 'nowhere', target: 'local' }, 'source'],
    [{ source: 'local', target: ABSENT }, 'target'],
    [{ source: 'local', target: 'local' }, 'target'],
    [{ source: 'local', target: 'local', dry_run: true }, 'target'],
    [{ source: 'local', target: 1 }, 'target'],
    [{ source: 'local', target: 'local', dry_run: 'yes' }, 'dry_run'],
    [{ source: 'local', target: 'local', verify: 'no' }, 'verify'],
  ])('refuses %j and names the field %s', async (body, field) => {
    const answer = await send('', body);
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.json<{ fields: object }>().fields)).toContain(field);
  });

  it('refuses a storage that does not work', async () => {
    await rm(directory, { recursive: true });
    await writeFile(directory, 'no directory');
    const answer = await send('', { source: 'local', target });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ fields: { target: expect.any(String) as string } });
    expect(await app.query('SELECT 1 FROM storage_migrations WHERE target = $1', [target])).toEqual([]);
    await rm(directory);
  });

  it('refuses a second migration from or to the same storages until the first is finished', async () => {
    await publish(20);
    const [third] = await addStorage();
    const { id } = await start();
    for (const [source, to] of [
      ['local', target],
      ['local', third],
      [target, 'local'],
      [target, third],
      [third, 'local'],
    ]) {
      const answer = await send('', { source, target: to });
      expect(answer.status, `${source} to ${to}`).toBe(409);
      expect(answer.json()).toMatchObject({ migration_id: id });
    }
    const beside = await send('', { source: third, target });
    expect(beside.status).toBe(201);
    for (const one of [id, beside.json<Shown>().id]) expect((await send(`/${one}/cancel`)).status).toBe(200);
    const { id: next } = await start({ target: third });
    expect((await send(`/${next}/cancel`)).status).toBe(200);
  });
});

describe('GET /api/v1/storage/migrations', () => {
  it('lists them, newest first, page by page', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { id } = await start();
      await expectState(id, 'completed');
      ids.unshift(id);
    }
    const page = async (query: string) => {
      const answer = await app.request(`${MIGRATIONS}${query}`, { key: admin });
      return answer.json<{ migrations: Shown[]; pagination: object }>();
    };
    const [{ total }] = (await app.query<{ total: number }>(
      'SELECT count(*)::int AS total FROM storage_migrations',
    )) as [{ total: number }];
    const all = await page('');
    expect(all.migrations.slice(0, 3).map(({ id }) => id)).toEqual(ids);
    expect(all.pagination).toEqual({ page: 1, per_page: 20, total });
    const second = await page('?page=2&per_page=2');
    expect(second.migrations[0]!.id).toBe(ids[2]);
    expect(second.pagination).toEqual({ page: 2, per_page: 2, total });
  });

  it('knows no other ids', async () => {
    expectApiError(await app.request(`${MIGRATIONS}/${ABSENT}`, { key: admin }), 404, /not found/i);
    expectApiError(await app.request(`${MIGRATIONS}/7`, { key: admin }), 400, /Invalid storage migration ID/);
    for (const action of ['pause', 'resume', 'cancel', 'verify']) {
      expectApiError(await send(`/${ABSENT}/${action}`), 404, /not found/i);
      expectApiError(await send(`/x/${action}`), 400, /Invalid storage migration ID/);
    }
  });
});

describe('a migration', () => {
  it('is paused, resumed, verified, and cannot be cancelled when it is completed', async () => {
    await publish(20);
    const { id } = await start();
    await expect.poll(async () => (await show(id)).copied.objects, SOON).toBeGreaterThan(0);
    const paused = await send(`/${id}/pause`);
    expect(paused.json()).toMatchObject({ id, state: 'paused', bytes_per_second: 0, worker: null });
    const { copied } = await show(id);
    expect(copied.objects).toBeLessThan(20);
    expectConflict(await send(`/${id}/pause`), /Only a migration that runs/);
    expectConflict(await send(`/${id}/verify`), /Only a completed or failed/);
    expect((await show(id)).copied).toEqual(copied);

    expect((await send(`/${id}/resume`)).json()).toMatchObject({ state: 'running' });
    await expectState(id, 'completed');
    expect((await show(id)).copied.objects).toBe(20);
    expectConflict(await send(`/${id}/resume`), /Only a paused or failed/);
    expectConflict(await send(`/${id}/cancel`), /completed migration cannot be cancelled/);

    const verifying = await send(`/${id}/verify`);
    expect(verifying.json()).toMatchObject({ state: 'verifying', verified: NOTHING, finished_at: null });
    await send(`/${id}/pause`);
    expect((await send(`/${id}/resume`)).json()).toMatchObject({ state: 'verifying' });
    await expectState(id, 'completed');
    expect(await show(id)).toMatchObject({ verified: { objects: 20, bytes: (await show(id)).copied.bytes } });
  });

  it('is cancelled for good, and another one moves the rest', async () => {
    await publish(20);
    const { id } = await start({ verify: false });
    await expect.poll(async () => (await show(id)).copied.objects, SOON).toBeGreaterThan(0);
    expect((await send(`/${id}/cancel`)).json()).toMatchObject({ state: 'cancelled', finished_at: aTime });
    const { copied } = await show(id);
    expect(copied.objects).toBeLessThan(20);
    for (const action of ['pause', 'resume', 'cancel', 'verify'])
      expect((await send(`/${id}/${action}`)).status, action).toBe(409);
    const rest = await start();
    await expectState(rest.id, 'completed');
    expect((await show(rest.id)).copied.objects).toBe(20 - copied.objects);
  });

  it('belongs to platform administrators alone', async () => {
    const key = await app.issueKey('modules:write,providers:write');
    const { id } = await start();
    for (const path of ['', `/${id}`]) {
      expect((await app.request(`${MIGRATIONS}${path}`, { key })).status).toBe(403);
      expect((await app.request(`${MIGRATIONS}${path}`)).status).toBe(401);
    }
    expect((await send('', { source: 'local', target }, key)).status).toBe(403);
    expect((await send(`/${id}/cancel`, {}, key)).status).toBe(403);
    await expectState(id, 'completed');
  });
});
