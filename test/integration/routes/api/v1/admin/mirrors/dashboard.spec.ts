import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../../../../../support/test-app.js';
import { aTime } from '../../../../support/expectations.js';
import { MirrorUser, QUIET, runOf } from './support.js';

interface Numbers {
  provider_mirrors: Record<string, number>;
  recent_syncs: Record<string, unknown>[];
}

let app: TestApp;
let own: string;

beforeAll(async () => {
  app = await TestApp.start({ ...QUIET, TFR_MULTI_TENANCY_ENABLED: 'true' });
  own = await app.addOrganization('own');
  const tenant = await MirrorUser.managing(app, own);
  const platform = await MirrorUser.managing(app);
  const mirrors = [];
  for (const name of ['never', 'good', 'bad', 'running'])
    mirrors.push(await tenant.added({ name, enabled: true }));
  await tenant.added({ name: 'disabled' });
  await platform.added({ name: 'of everybody', enabled: true });
  for (const [name, status] of [
    ['good', 'success'],
    ['bad', 'failed'],
    ['running', 'in_progress'],
  ]) {
    await app.query('UPDATE mirrors SET last_sync_status = $2 WHERE name = $1', [name, status]);
  }
  const run = await runOf(app, mirrors[1]!.id, 'success');
  await app.query(
    `INSERT INTO mirror_sync_lines (sync_id, namespace, provider_type, version, platform, outcome)
     SELECT $1, 'acme', 'widget', version, platform, CASE WHEN version = '3.0.0' THEN 'failed' ELSE 'stored' END
     FROM unnest('{1.0.0,2.0.0,3.0.0}'::text[]) version, unnest('{linux_amd64,darwin_arm64}'::text[]) platform`,
    [run],
  );
});
afterAll(() => app?.stop());

const numbersFor = async (scopes: string, organization?: string): Promise<Numbers> => {
  const key = await app.issueKey(scopes, organization);
  return (await app.request('/api/v1/admin/stats/dashboard', { key })).json<Numbers>();
};

describe('mirrors on the dashboard', () => {
  it('are counted by how their last run ended, when they are enabled', async () => {
    expect((await numbersFor('mirrors:read', own)).provider_mirrors).toEqual({
      total: 4,
      healthy: 2,
      failed: 1,
      syncing: 1,
    });
  });

  it('show their newest runs', async () => {
    expect((await numbersFor('mirrors:read', own)).recent_syncs).toEqual([
      {
        mirror_name: 'good',
        mirror_type: 'provider',
        status: 'success',
        started_at: aTime,
        completed_at: aTime,
        versions_synced: 2,
        platforms_synced: 4,
        triggered_by: 'manual',
      },
    ]);
  });

  it('are those that the caller may see', async () => {
    expect(await numbersFor('mirrors:read')).toMatchObject({
      provider_mirrors: { total: 1, healthy: 1 },
      recent_syncs: [],
    });
    expect(await numbersFor('admin')).toMatchObject({ provider_mirrors: { total: 5 } });
    expect(await numbersFor('modules:read', own)).toMatchObject({
      provider_mirrors: { total: 0, healthy: 0, failed: 0, syncing: 0 },
      recent_syncs: [],
    });
  });
});
