import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MirroredProviders20261124010000 } from '../../../migrations/20261124010000-mirrored-providers.js';
import { ProviderMirrors20261124010100 } from '../../../migrations/20261124010100-provider-mirrors.js';
import { PulledModules20261125010000 } from '../../../migrations/20261125010000-pulled-modules.js';
import { aProvider, providerProtocolPath } from '../../support/factories/provider.factory.js';
import { mirrorRelease } from '../../support/mirrored-release.js';
import { TestApp } from '../../support/test-app.js';

describe('the migration of mirrored providers', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app?.stop());

  it('takes away what mirrors brought on its way back, and nothing else', async () => {
    const own = aProvider();
    expect((await app.publishProvider(own)).status).toBe(201);
    for (const host of ['one.example.com', 'two.example.com'])
      await mirrorRelease(app, { type: own.type, host });
    const runner = app.get(DataSource).createQueryRunner();
    const [tables, mirrors] = [new MirroredProviders20261124010000(), new ProviderMirrors20261124010100()];
    const modules = new PulledModules20261125010000();
    const back = [modules, mirrors, tables].map((one) => () => one.down(runner));
    try {
      for (const step of [...back, () => tables.up(runner)]) {
        await runner.startTransaction();
        await step();
        await runner.commitTransaction();
      }
      await mirrors.up(runner);
      await modules.up(runner);
    } finally {
      await runner.release();
    }
    const left = await app.query(
      `SELECT p.namespace, (SELECT count(*)::int FROM provider_versions v WHERE v.provider_id = p.id) AS versions,
         (SELECT count(*)::int FROM search_documents) AS found,
         (SELECT count(*)::int FROM namespace_claims) AS claims
       FROM registry_providers p`,
    );
    expect(left).toEqual([{ namespace: own.namespace, versions: 1, found: 1, claims: 1 }]);
    const replica = await app.another();
    try {
      const own200 = await replica.request(`${providerProtocolPath(own)}/versions`, { lean: true });
      const gone = await replica.request(`/v1/providers/hashicorp/${own.type}/versions`, { lean: true });
      expect([own200.status, gone.status]).toEqual([200, 404]);
    } finally {
      await replica.stop();
    }
  });
});
