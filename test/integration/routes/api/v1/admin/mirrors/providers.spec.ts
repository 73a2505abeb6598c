import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mirrorRelease, UPSTREAM_HOST } from '../../../../../../support/mirrored-release.js';
import { TestApp } from '../../../../../../support/test-app.js';
import { aTime, anUuid } from '../../../../support/expectations.js';
import { broughtBy, MirrorUser, QUIET } from './support.js';

let app: TestApp;
let manager: MirrorUser;

beforeAll(async () => {
  app = await TestApp.start(QUIET);
  manager = await MirrorUser.managing(app);
});
afterAll(() => app?.stop());

const newType = () => `t-${randomUUID().slice(0, 8)}`;
const bring = async (mirrorId: string, type: string) => {
  await broughtBy(app, mirrorId, { host: UPSTREAM_HOST, namespace: 'hashicorp', type });
};

describe('what a mirror brought here', () => {
  it('is nothing at first', async () => {
    const { id } = await manager.added();
    expect((await manager.get(id, '/providers')).json()).toEqual({ providers: [] });
  });

  it('is shown with versions, platforms and digests', async () => {
    const { id } = await manager.added();
    const type = newType();
    await mirrorRelease(app, { type, platforms: ['linux_amd64', 'darwin_arm64'] });
    await bring(id, type);
    const { providers } = (await manager.get(id, '/providers')).json<{ providers: object[] }>();
    const platform = (os: string, arch: string) => ({
      id: anUuid,
      provider_version_id: anUuid,
      os,
      arch,
      filename: `terraform-provider-${type}_1.0.0_${os}_${arch}.zip`,
      shasum: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(providers).toEqual([
      {
        id: anUuid,
        mirror_config_id: id,
        provider_id: anUuid,
        upstream_namespace: 'hashicorp',
        upstream_type: type,
        last_synced_at: aTime,
        last_sync_version: '1.0.0',
        sync_enabled: true,
        created_at: aTime,
        versions: [
          {
            id: anUuid,
            mirrored_provider_id: anUuid,
            provider_version_id: anUuid,
            upstream_version: '1.0.0',
            synced_at: aTime,
            shasum_verified: true,
            gpg_verified: true,
            platforms: expect.arrayContaining([
              platform('linux', 'amd64'),
              platform('darwin', 'arm64'),
            ]) as [],
          },
        ],
      },
    ]);
  });

  it('has versions newest first, by precedence', async () => {
    const { id } = await manager.added();
    const type = newType();
    for (const version of ['1.9.0', '1.10.0', '2.0.0-rc1', '2.0.0', '0.1.0+b2']) {
      await mirrorRelease(app, { type, version });
    }
    await bring(id, type);
    const { providers } = (await manager.get(id, '/providers')).json<{
      providers: { versions: { upstream_version: string }[] }[];
    }>();
    expect(providers[0]!.versions.map(({ upstream_version: version }) => version)).toEqual([
      '2.0.0',
      '2.0.0-rc1',
      '1.10.0',
      '1.9.0',
      '0.1.0+b2',
    ]);
  });

  it('leaves out what other mirrors brought, and what was only seen', async () => {
    const { id } = await manager.added();
    const other = await manager.added();
    const types = [newType(), newType()].sort();
    for (const type of types) {
      await mirrorRelease(app, { type });
      await bring(id, type);
    }
    await app.query(
      `INSERT INTO mirrored_providers (mirror_id, upstream_host, namespace, provider_type)
       VALUES ($1, $2, 'hashicorp', 'seen')`,
      [id, UPSTREAM_HOST],
    );
    const { providers } = (await manager.get(id, '/providers')).json<{
      providers: { upstream_type: string }[];
    }>();
    expect(providers.map(({ upstream_type: type }) => type)).toEqual(types);
    expect((await manager.get(other.id, '/providers')).json()).toEqual({ providers: [] });
  });
});
