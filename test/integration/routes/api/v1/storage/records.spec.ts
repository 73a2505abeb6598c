import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SealedColumns } from '../../../../../../src/platform/crypto/sealed-columns.service.js';
import { FakeS3 } from '../../../../../support/fakes/s3/fake-s3.js';
import { TestApp } from '../../../../../support/test-app.js';
import { type Config, type Entry, entryOf, StorageAdmin } from './support.js';

const LOOPBACK = { TFR_SECURITY_EGRESS_ALLOWLIST: '127.0.0.1,localhost' };

interface AuditRow {
  action: string;
  resource_id: string;
  metadata: { before?: Config; after?: Config; replaced?: string[] };
}

let app: TestApp;
let admin: StorageAdmin;
let s3: FakeS3;
let entry: Entry;
beforeAll(async () => {
  s3 = await FakeS3.start();
  entry = entryOf(s3.settings);
  app = await TestApp.start(LOOPBACK);
  admin = await StorageAdmin.of(app);
});
afterAll(async () => {
  await app?.stop();
  await s3?.stop();
});

async function records(of: TestApp, id: string): Promise<AuditRow[]> {
  return of.query<AuditRow>(
    `SELECT action, resource_id, metadata FROM audit_entries
     WHERE resource_type = 'storage' AND resource_id = $1 ORDER BY created_at, id`,
    [id],
  );
}

describe('a change of a storage configuration', () => {
  it('is recorded with what was before and after, secrets only as set or not', async () => {
    const stored = await admin.added({ ...entry, activate: false });
    const { created_at: _created, updated_at: _updated, id, ...facts } = stored;
    expect((await admin.put(id, { backend_type: 's3', s3_storage_class: 'STANDARD_IA' })).status).toBe(200);
    expect((await admin.activate(id)).status).toBe(200);
    expect((await admin.activate(id)).status).toBe(200);
    await admin.added(admin.local('next'));
    expect((await admin.remove(id)).status).toBe(200);
    const changed = { ...facts, s3_storage_class: 'STANDARD_IA' };
    expect(await records(app, id)).toEqual([
      expect.objectContaining({
        action: 'POST /api/v1/storage/configs',
        metadata: expect.objectContaining({ after: facts }) as object,
      }),
      expect.objectContaining({
        action: 'PUT /api/v1/storage/configs/:id',
        metadata: expect.objectContaining({ before: facts, after: changed, replaced: [] }) as object,
      }),
      expect.objectContaining({
        action: 'POST /api/v1/storage/configs/:id/activate',
        metadata: expect.objectContaining({
          before: changed,
          after: { ...changed, is_active: true },
        }) as object,
      }),
      expect.objectContaining({
        action: 'DELETE /api/v1/storage/configs/:id',
        metadata: expect.objectContaining({ before: changed }) as object,
      }),
    ]);
  });

  it('is not recorded when it is refused', async () => {
    const count = async () =>
      (await app.query(`SELECT 1 FROM audit_entries WHERE resource_type = 'storage'`)).length;
    const before = await count();
    expect((await admin.add({ ...entry, s3_bucket: 'no-such-bucket' })).status).toBe(400);
    expect((await admin.test(entry)).status).toBe(200);
    expect(await count()).toBe(before);
  });
});

describe('the secrets of a storage configuration', () => {
  it('are sealed in the database, each for its row', async () => {
    const { id } = await admin.added({ ...entry, activate: false });
    const [row] = await app.query<{ settings: object; secrets_box: Buffer }>(
      'SELECT settings, secrets_box FROM storage_configurations WHERE id = $1',
      [id],
    );
    expect(Object.keys(row!.settings)).not.toContain('secretAccessKey');
    expect(row!.secrets_box.toString('latin1')).not.toContain(String(entry['s3_secret_access_key']));
    expect(app.get(SealedColumns).names()).toContain('storage_configurations.secrets_box');
    await admin.remove(id);
  });

  it('can be entered again when they were sealed under a key that is gone, which the log says', async () => {
    const own = await TestApp.start(LOOPBACK);
    const at = await StorageAdmin.of(own);
    const { id } = await at.added({ ...entry, activate: false });
    await own.query('UPDATE storage_configurations SET secrets_box = $2 WHERE id = $1', [
      id,
      randomBytes(90),
    ]);
    const shown = (await at.request(`/configs/${id}`)).json<Config>();
    expect([shown['s3_access_key_id_set'], shown['s3_secret_access_key_set']]).toEqual([false, false]);
    expect((await at.activate(id)).status).toBe(400);
    const { s3_access_key_id, s3_secret_access_key } = entry;
    const answer = await at.put(id, { backend_type: 's3', s3_access_key_id, s3_secret_access_key });
    expect([answer.status, answer.json()]).toEqual([
      200,
      expect.objectContaining({ s3_access_key_id_set: true, s3_secret_access_key_set: true }),
    ]);
    const { replaced } = (await records(own, id)).at(-1)!.metadata;
    expect(replaced).toEqual(['s3_access_key_id', 's3_secret_access_key']);
    expect(own.logged().join('\n')).toContain(`The secrets of storage ${id} cannot be opened`);
    await expect(own.stop()).rejects.toThrow('what the application left behind');
  });
});
