import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mirrorPath, mirrorRelease, UPSTREAM_HOST } from '../../../../../../support/mirrored-release.js';
import { TestApp } from '../../../../../../support/test-app.js';
import { expectApiError } from '../../../../support/expectations.js';
import { broughtBy, MirrorUser, NOBODY, QUIET, runOf } from './support.js';

let app: TestApp;
let manager: MirrorUser;

beforeAll(async () => {
  app = await TestApp.start(QUIET);
  manager = await MirrorUser.managing(app);
});
afterAll(() => app?.stop());

const brought = async (...mirrorIds: string[]) => {
  const type = `t-${randomUUID().slice(0, 8)}`;
  await mirrorRelease(app, { type });
  const address = { host: UPSTREAM_HOST, namespace: 'hashicorp', type };
  for (const id of mirrorIds) await broughtBy(app, id, address);
  return { type, address };
};
const installable = async (type: string) =>
  (await app.request(`${mirrorPath({ type })}/index.json`)).status === 200;
const rowsOf = (type: string) =>
  app.query<{ mirror_id: string | null }>(
    'SELECT mirror_id FROM mirrored_providers WHERE provider_type = $1',
    [type],
  );

describe('deleting a mirror', () => {
  it('leaves what it brought installable', async () => {
    const { id } = await manager.added();
    const { type } = await brought(id);
    const answer = await manager.remove(id);
    expect([answer.status, answer.json()]).toEqual([
      200,
      { message: 'Mirror configuration deleted successfully' },
    ]);
    expect((await manager.get(id)).status).toBe(404);
    expect(await installable(type)).toBe(true);
    expect(await rowsOf(type)).toEqual([{ mirror_id: null }]);
    expectApiError(await manager.remove(id), 404, 'Mirror not found');
  });

  it('takes its runs and requests with it', async () => {
    const { id } = await manager.added();
    await runOf(app, id, 'success');
    expect((await manager.remove(id)).status).toBe(200);
    expect(await app.query('SELECT 1 FROM mirror_syncs WHERE mirror_id = $1', [id])).toEqual([]);
  });

  it('deletes what it brought on demand, in the background', async () => {
    const { id } = await manager.added();
    const [one, two] = [await brought(id), await brought(id)];
    const answer = await manager.remove(id, '?purge=true');
    expect(answer.json()).toMatchObject({
      message: expect.stringContaining('2 mirrored providers') as string,
    });
    for (const { type } of [one, two]) {
      await expect.poll(() => installable(type), { timeout: 20_000 }).toBe(false);
      await expect.poll(() => rowsOf(type), { timeout: 20_000 }).toEqual([]);
    }
    // The address is free again.
    await mirrorRelease(app, { type: one.type });
    expect(await installable(one.type)).toBe(true);
  });

  it('leaves what another mirror brings too', async () => {
    const [first, second] = [await manager.added(), await manager.added()];
    const shared = await brought(first.id, second.id);
    const alone = await brought(first.id);
    expect((await manager.remove(first.id, '?purge=true')).status).toBe(200);
    await expect.poll(() => installable(alone.type), { timeout: 20_000 }).toBe(false);
    await expect.poll(waitingPurges, { timeout: 20_000 }).toBe(0);
    expect(await installable(shared.type)).toBe(true);
  });

  it('is refused while a run goes on', async () => {
    const { id } = await manager.added();
    const run = await runOf(app, id);
    for (const query of ['', '?purge=true']) {
      expectApiError(await manager.remove(id, query), 409, /sync is in progress/);
    }
    await app.query(`UPDATE mirror_syncs SET status = 'cancelled', completed_at = now() WHERE id = $1`, [
      run,
    ]);
    expect((await manager.remove(id)).status).toBe(200);
  });

  it('succeeds for one of those who do it at the same moment', async () => {
    const { id } = await manager.added();
    const answers = await Promise.all(Array.from({ length: 6 }, () => manager.remove(id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(5).fill(404)]);
  });

  it('and starting a run of it at the same moment end in one of the two', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { id } = await manager.added();
      const [removed, started] = await Promise.all([manager.remove(id), manager.post(id, '/sync')]);
      expect([
        [200, 404],
        [409, 202],
      ]).toContainEqual([removed.status, started.status]);
      const ended = () => app.query(`SELECT 1 FROM mirror_syncs WHERE status = 'running'`);
      await expect.poll(ended, { timeout: 20_000 }).toEqual([]);
    }
  });

  it('is recorded with what it was', async () => {
    const { id, name } = await manager.added();
    await manager.remove(id, '?purge=true');
    const [entry] = await app.query<{ metadata: object }>(
      `SELECT metadata FROM audit_entries WHERE resource_id = $1 AND action LIKE 'DELETE %'`,
      [id],
    );
    expect(entry!.metadata).toMatchObject({ purge: true, providers: 0, before: { name } });
  });

  it('is refused for what is not there', async () => {
    expectApiError(await manager.remove(NOBODY), 404, 'Mirror not found');
    expectApiError(await manager.remove('1'), 400, 'Invalid mirror ID');
  });
});

async function waitingPurges(): Promise<number> {
  const rows = await app.query(
    `SELECT 1 FROM graphile_worker.jobs WHERE task_identifier = 'purge-mirrored-provider'`,
  );
  return rows.length;
}
