import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VersionLife20261123010000 } from '../../../migrations/20261123010000-version-life.js';
import { aModule } from '../../support/factories/module.factory.js';
import { aProvider, onPlatform } from '../../support/factories/provider.factory.js';
import { TestApp } from '../../support/test-app.js';

describe('the migration of the life of versions', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app?.stop());

  /** Back to the schema before it, and up again. */
  async function again(): Promise<void> {
    const runner = app.get(DataSource).createQueryRunner();
    try {
      for (const direction of ['down', 'up'] as const) {
        await runner.startTransaction();
        await new VersionLife20261123010000()[direction](runner);
        await runner.commitTransaction();
      }
    } finally {
      await runner.release();
    }
  }

  it('blocks the files of versions that a compromised key had quarantined before, and no others', async () => {
    const module = aModule();
    const held = aProvider();
    const twin = { ...held, namespace: 'other' };
    await app.publishModule(module);
    for (const provider of [held, twin, onPlatform(held, 'darwin', 'arm64')]) {
      expect((await app.publishProvider(provider)).status).toBe(201);
    }
    await app.query(
      `UPDATE provider_versions v SET state = 'quarantined', state_reason = 'stolen'
       FROM registry_providers p WHERE p.id = v.provider_id AND p.namespace = 'acme'`,
    );
    await again();
    const blocked = await app.query<{ key: string }>('SELECT key FROM quarantined_artifacts ORDER BY key');
    const names = blocked.map(({ key }) => key.split('/').at(-1)).toSorted();
    const stem = `terraform-provider-${held.type}_1.0.0`;
    expect(names).toEqual([`${stem}_SHA256SUMS`, `${stem}_SHA256SUMS.sig`, `${stem}_darwin_arm64.zip`]);
    const rows = await app.query<{ state: string; isDated: boolean }>(
      `SELECT state, quarantined_at IS NOT NULL AS "isDated" FROM provider_versions ORDER BY state`,
    );
    expect(rows).toEqual([
      { state: 'active', isDated: false },
      { state: 'quarantined', isDated: true },
    ]);
  });
});
