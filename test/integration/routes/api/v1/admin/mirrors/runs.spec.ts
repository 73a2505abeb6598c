import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Transactions } from '../../../../../../../src/platform/database/transactions.js';
import { Mirrors } from '../../../../../../../src/mirror/configuration/mirrors.service.js';
import { TestApp } from '../../../../../../support/test-app.js';
import { aTime, anUuid, expectApiError } from '../../../../support/expectations.js';
import { MirrorUser, NOBODY, QUIET, runOf, type ShownMirror } from './support.js';

interface Status {
  mirror_config: ShownMirror;
  current_sync?: Record<string, unknown>;
  recent_syncs: Record<string, unknown>[];
  next_scheduled?: string;
}

let app: TestApp;
let manager: MirrorUser;

beforeAll(async () => {
  app = await TestApp.start(QUIET);
  manager = await MirrorUser.managing(app);
});
afterAll(() => app?.stop());

const statusOf = async (id: string) => (await manager.get(id, '/status')).json<Status>();
const ended = async (id: string): Promise<void> => {
  await expect.poll(async () => (await statusOf(id)).current_sync, { timeout: 30_000 }).toBeUndefined();
};

describe('starting a run', () => {
  it('is accepted, and the run is seen', async () => {
    const { id } = await manager.added({ namespace_filter: ['acme'] });
    const answer = await manager.post(id, '/sync');
    expect([answer.status, answer.json()]).toEqual([
      202,
      { message: 'Sync triggered successfully', sync_id: anUuid },
    ]);
    await ended(id);
    const { recent_syncs: runs, mirror_config: mirror } = await statusOf(id);
    // Nobody listens at the upstream.
    expect(runs).toMatchObject([
      {
        id: answer.json()['sync_id'],
        mirror_config_id: id,
        triggered_by: 'manual',
        status: 'failed',
        started_at: aTime,
        completed_at: aTime,
        error_message: expect.stringContaining('127.0.0.3') as string,
      },
    ]);
    expect(mirror).toMatchObject({
      last_sync_status: 'failed',
      last_sync_at: aTime,
      last_sync_error: expect.any(String) as string,
    });
  });

  it('may be for one namespace or provider, without case', async () => {
    const { id } = await manager.added({ namespace_filter: ['acme', 'my-*'] });
    for (const [body, part] of [
      [
        { namespace: 'My-Team', provider_name: 'Widget' },
        { namespace: 'my-team', provider_name: 'widget' },
      ],
      [{ namespace: 'acme' }, { namespace: 'acme' }],
      [{ provider_name: 'widget', namespace: '' }, { provider_name: 'widget' }],
    ]) {
      expect((await manager.post(id, '/sync', body)).status).toBe(202);
      await ended(id);
      expect((await statusOf(id)).recent_syncs[0]).toMatchObject(part!);
    }
  });

  it('is refused for what is no name, and for what the filters do not want', async () => {
    const { id } = await manager.added({ provider_filter: ['aws'] });
    const wrong = [
      [{ namespace: 'hashi*' }, 'namespace'],
      [{ provider_name: 'a/b' }, 'provider_name'],
      [{ namespace: 'other' }, 'namespace'],
      [{ provider_name: 'google' }, 'provider_name'],
      [{ namespace: 7 }, 'namespace'],
    ] as const;
    for (const [body, field] of wrong) {
      for (const path of ['/sync', '/plan']) {
        const answer = await manager.post(id, path, body);
        expect([body, answer.status, answer.json()['fields']]).toEqual([
          body,
          400,
          { [field]: expect.any(String) as string },
        ]);
      }
    }
    expect((await statusOf(id)).recent_syncs).toEqual([]);
  });

  it('is refused while one goes on', async () => {
    const { id } = await manager.added();
    await runOf(app, id);
    expectApiError(await manager.post(id, '/sync'), 409, 'A sync is already in progress for this mirror');
    expectApiError(await manager.post(NOBODY, '/sync'), 404, 'Mirror not found');
  });

  it('is recorded', async () => {
    const { id } = await manager.added({ namespace_filter: ['acme'] });
    await manager.post(id, '/sync', { namespace: 'acme' });
    await ended(id);
    const [entry] = await app.query(
      `SELECT resource_type FROM audit_entries WHERE resource_id = $1 AND action LIKE 'POST %/sync'`,
      [id],
    );
    expect(entry).toEqual({ resource_type: 'mirror' });
  });
});

describe('the status of a mirror', () => {
  it('is the mirror alone at first', async () => {
    const mirror = await manager.added();
    expect(await statusOf(mirror.id)).toEqual({ mirror_config: mirror, recent_syncs: [] });
  });

  it('says when the next run is due', async () => {
    const mirror = await manager.added({ enabled: true });
    expect(await statusOf(mirror.id)).toMatchObject({ next_scheduled: mirror['next_sync_at'] });
  });

  it('has the run that goes on, and the ten newest', async () => {
    const { id } = await manager.added();
    for (let i = 0; i < 11; i += 1) await runOf(app, id, i % 2 === 0 ? 'success' : 'failed');
    const current = await runOf(app, id);
    const status = await statusOf(id);
    expect(status.current_sync).toMatchObject({ id: current, status: 'running' });
    expect(status.current_sync).not.toHaveProperty('completed_at');
    expect(status.recent_syncs).toHaveLength(10);
    const started = status.recent_syncs.map((run) => String(run['started_at']));
    expect(started).toEqual(started.toSorted().toReversed());
    const { syncs } = (await manager.get(id, '/syncs')).json<{ syncs: object[] }>();
    expect(syncs).toHaveLength(12);
  });
});

describe('a run', () => {
  it('shows its packages page by page', async () => {
    const { id } = await manager.added();
    const run = await runOf(app, id, 'failed');
    await app.query(
      `INSERT INTO mirror_sync_lines (sync_id, namespace, provider_type, version, platform, outcome, bytes, error_code, message)
       SELECT $1, 'acme', 'widget', n || '.0.0', 'linux_amd64', CASE WHEN n = 3 THEN 'failed' ELSE 'stored' END,
         CASE WHEN n = 3 THEN 0 ELSE 100 END, CASE WHEN n = 3 THEN 'upstream_busy' END,
         CASE WHEN n = 3 THEN 'later' END
       FROM generate_series(1, 5) n`,
      [run],
    );
    const page = (await manager.get(id, `/syncs/${run}?page=2&per_page=2`)).json<{
      packages: Record<string, unknown>[];
    }>();
    expect(page).toMatchObject({ pagination: { page: 2, per_page: 2, total: 5 }, sync: { id: run } });
    expect(page.packages).toEqual([
      {
        namespace: 'acme',
        provider_name: 'widget',
        version: '3.0.0',
        os: 'linux',
        arch: 'amd64',
        outcome: 'failed',
        bytes: 0,
        error_code: 'upstream_busy',
        error_message: 'later',
        created_at: aTime,
      },
      expect.objectContaining({ version: '4.0.0', outcome: 'stored', bytes: 100 }),
    ]);
  });

  it('gives at most a thousand packages at a time', async () => {
    const { id } = await manager.added();
    const run = await runOf(app, id, 'success');
    const answer = await manager.get(id, `/syncs/${run}?per_page=5000`);
    expect(answer.json()).toMatchObject({ pagination: { page: 1, per_page: 1000, total: 0 } });
  });

  it('is cancelled, and a run that has ended is not', async () => {
    const { id } = await manager.added();
    const run = await runOf(app, id);
    const answer = await manager.post(id, `/syncs/${run}/cancel`);
    expect([answer.status, Object.keys(answer.json())]).toEqual([202, ['message']]);
    expect((await statusOf(id)).current_sync).toMatchObject({ id: run, cancel_requested: true });
    await app.query(`UPDATE mirror_syncs SET status = 'cancelled', completed_at = now() WHERE id = $1`, [
      run,
    ]);
    expectApiError(await manager.post(id, `/syncs/${run}/cancel`), 409, 'This sync has ended already');
    expectApiError(await manager.post(id, `/syncs/${NOBODY}/cancel`), 404, 'Sync not found');
  });
});

describe('the schedule', () => {
  const finish = async (id: string, outcome: Parameters<Mirrors['finished']>[1]) => {
    const mirrors = app.get(Mirrors);
    await app.get(Transactions).run(async () => mirrors.finished((await mirrors.find(id))!, outcome));
    return (await manager.get(id)).json<ShownMirror>();
  };
  const hoursBetween = (one: unknown, other: unknown) =>
    (Date.parse(String(other)) - Date.parse(String(one))) / 3_600_000;

  it('makes a new mirror due at once, and a disabled one never', async () => {
    const on = await manager.added({ enabled: true });
    const off = await manager.added();
    const due = (await app.get(Mirrors).due()).map(({ id }) => id);
    expect(due).toContain(on.id);
    expect(due).not.toContain(off.id);
  });

  it('makes it due again one interval after a run ended, well or badly', async () => {
    const { id } = await manager.added({ enabled: true, sync_interval_hours: 7 });
    for (const status of ['success', 'failed', 'cancelled'] as const) {
      const mirror = await finish(id, { status, error: status === 'failed' ? 'why' : null });
      expect(hoursBetween(mirror['last_sync_at'], mirror['next_sync_at'])).toBe(7);
      expect(mirror['last_sync_status']).toBe(status === 'success' ? 'success' : 'failed');
    }
    expect((await app.get(Mirrors).due()).map((one) => one.id)).not.toContain(id);
    const later = new Date(Date.now() + 7.1 * 3_600_000);
    expect((await app.get(Mirrors).due(later)).map((one) => one.id)).toContain(id);
  });

  it('remembers the last success of the whole mirror', async () => {
    const { id } = await manager.added({ enabled: true });
    const first = await finish(id, { status: 'success', error: null });
    expect(first['last_success_at']).toBe(first['last_sync_at']);
    expect(first).not.toHaveProperty('last_sync_error');
    const second = await finish(id, { status: 'failed', error: 'why' });
    expect(second).toMatchObject({ last_success_at: first['last_success_at'], last_sync_error: 'why' });
  });

  it('is not changed by a run for a part of the mirror', async () => {
    const before = await manager.added({ enabled: true });
    const after = await finish(before.id, { status: 'success', error: null, isRestricted: true });
    expect(after).toMatchObject({ next_sync_at: before['next_sync_at'], last_sync_status: 'success' });
    expect(after).not.toHaveProperty('last_success_at');
  });

  it('is left alone by a run that ends after the mirror was disabled', async () => {
    const { id } = await manager.added();
    expect(await finish(id, { status: 'success', error: null })).not.toHaveProperty('next_sync_at');
  });
});
