import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src/kernel/sha256.js';
import { request } from '../../support/http-request.js';
import { type BackendServer, REMOTE_BACKENDS } from '../../support/storage-backends.js';
import { MigrationFixture, type PublishedObject } from './migration-fixture.js';

const LOOPBACK_IS_FINE = { TFR_SECURITY_EGRESS_ALLOWLIST: '127.0.0.1,localhost' };

describe.each(['s3', 'azure', 'gcs'] as const)('a migration from a directory to %s', (backend) => {
  let server: BackendServer;
  let fixture: MigrationFixture;
  let published: PublishedObject[];

  beforeAll(async () => {
    server = await REMOTE_BACKENDS[backend]();
    fixture = await MigrationFixture.start(LOOPBACK_IS_FINE, server.settings);
    published = await fixture.publishSome();
  });
  afterAll(async () => {
    await fixture?.stop();
    await server?.stop();
  });

  it('moves everything there, and old links keep working', async () => {
    expect((await fixture.moveEverything()).migration).toMatchObject({
      state: 'completed',
      ...{ objectsCopied: 6, objectsVerified: 6 },
    });
    for (const { link, digest } of published)
      expect(sha256Hex((await fixture.app.fetchLink(link)).body)).toBe(digest);
    await fixture.sweep();
    expect(await fixture.rowsIn('local')).toEqual({});
    for (const { link, digest } of published)
      expect(sha256Hex((await fixture.app.fetchLink(link)).body)).toBe(digest);
  });

  it('finds everything intact there', async () => {
    const [{ id }] = (await fixture.app.query<{ id: string }>('SELECT id FROM storage_migrations')) as [
      { id: string },
    ];
    await fixture.migrations().verify(id);
    await fixture.runToEnd();
    expect((await fixture.progress(id)).migration).toMatchObject({
      state: 'completed',
      objectsVerified: 6,
    });
  });

  it('opens links to the storage itself', async () => {
    const replica = await fixture.replica();
    for (const { askAgain, digest } of published) {
      const link = await askAgain(replica);
      expect(new URL(link).hostname).not.toBe('registry.test');
      const answer = await request(link);
      expect({ status: answer.status, digest: sha256Hex(answer.body) }).toEqual({ status: 200, digest });
    }
  });

  it('moves everything back, and links to the storage work until the sweep', async () => {
    const replica = await fixture.replica();
    const direct = await Promise.all(published.map(({ askAgain }) => askAgain(replica)));
    const wanted = { source: fixture.target, target: 'local', readsBack: true, createdBy: null };
    const { id } = await fixture.migrations().start(wanted);
    await fixture.runToEnd();
    expect((await fixture.progress(id)).migration).toMatchObject({
      state: 'completed',
      objectsCopied: 6,
    });
    for (const link of direct) expect((await request(link)).status).toBe(200);
    await fixture.sweep();
    expect(await fixture.rowsIn(fixture.target)).toEqual({});
    await fixture.expectReadable(published);
  });
});
