import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { IdentifiedPrincipal } from '../../../../../../src/access/principal.js';
import { StatementCounter } from '../../../../../../src/platform/database/statement-counter.js';
import { OrgAccess } from '../../../../../../src/orgs/org-access.service.js';
import { Organizations } from '../../../../../../src/orgs/organizations.service.js';
import { UsersDirectory } from '../../../../../../src/orgs/users-directory.service.js';
import { type CountedOrganizations, DashboardBlocks } from '../../../../../../src/usage/dashboard-blocks.js';
import { Dashboard } from '../../../../../../src/usage/dashboard.service.js';
import { DownloadFolder } from '../../../../../../src/usage/download-folder.service.js';
import {
  aModule,
  archiveOf,
  moduleApiPath,
  moduleProtocolPath,
} from '../../../../../support/factories/module.factory.js';
import { aProvider, onPlatform } from '../../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { People } from '../../../support/people.js';

const PATH = '/api/v1/admin/stats/dashboard';
const NO_MIRRORS = { total: 0, healthy: 0, failed: 0, syncing: 0 };
const NOTHING = {
  modules: { total: 0, versions: 0, downloads: 0, by_system: [] },
  providers: {
    total: 0,
    manual: 0,
    mirrored: 0,
    total_versions: 0,
    manual_versions: 0,
    mirrored_versions: 0,
    downloads: 0,
  },
  users: 0,
  organizations: 0,
  downloads: 0,
  scm_providers: 0,
  binary_mirrors: { ...NO_MIRRORS, platforms: 0, downloads: 0, by_tool: [] },
  provider_mirrors: NO_MIRRORS,
  recent_syncs: [],
};

describe('GET /api/v1/admin/stats/dashboard', () => {
  let app: TestApp;
  let people: People;
  let one: string;
  let other: string;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
    people = new People(app);
    one = await app.addOrganization('one');
    other = await app.addOrganization('other', 'public');
    const ofOne = await app.issueKey('modules:write,providers:write', one);
    const ofOther = await app.issueKey('modules:write', other);
    const vpc = aModule({ namespace: 'one-ns' });
    const all = [
      vpc,
      { ...vpc, version: '2.0.0', archive: archiveOf('two') },
      aModule({ namespace: 'one-ns', system: 'azurerm' }),
      aModule({ namespace: 'one-ns' }),
    ];
    for (const module of all) expect((await app.publishModule(module, ofOne)).status).toBe(201);
    expect((await app.publishModule(aModule({ namespace: 'other-ns' }), ofOther)).status).toBe(201);
    const gone = aModule({ namespace: 'one-ns' });
    expect((await app.publishModule(gone, ofOne)).status).toBe(201);
    for (const module of [vpc, gone]) {
      await app.request(`${moduleProtocolPath(module)}/1.0.0/download`, { lean: true, key: ofOne });
    }
    expect((await app.request(moduleApiPath(gone), { method: 'DELETE', key: ofOne })).status).toBe(200);
    const provider = aProvider({ namespace: 'one-ns' });
    for (const platform of [provider, onPlatform(provider, 'darwin', 'arm64')]) {
      expect((await app.publishProvider(platform, ofOne)).status).toBe(201);
    }
    const download = `/v1/providers/one-ns/${provider.type}/1.0.0/download/linux/amd64`;
    for (let done = 0; done < 3; done += 1) await app.request(download, { lean: true, key: ofOne });
    await people.add({ [one]: 'viewer', [other]: 'viewer' });
    await people.add({ [one]: 'viewer' });
    await app.get(DownloadFolder).fold();
  });
  afterAll(() => app?.stop());

  const seenWith = async (scopes: string, organization: string) =>
    (await app.request(PATH, { key: await app.issueKey(scopes, organization) })).json();
  const OF_ONE = {
    modules: {
      total: 3,
      versions: 4,
      downloads: 2,
      by_system: [
        { system: 'aws', count: 2 },
        { system: 'azurerm', count: 1 },
      ],
    },
    providers: {
      total: 1,
      manual: 1,
      mirrored: 0,
      total_versions: 1,
      manual_versions: 1,
      mirrored_versions: 0,
      downloads: 3,
    },
  };

  it('counts what the organizations of the caller have, and nothing of others', async () => {
    expect(await seenWith('modules:read,providers:read,users:read,organizations:read', one)).toEqual({
      ...NOTHING,
      ...OF_ONE,
      users: 2,
      organizations: 1,
      downloads: 5,
    });
    expect(await seenWith('modules:read,providers:read,users:read,organizations:read', other)).toMatchObject({
      modules: { total: 1, versions: 1, downloads: 0, by_system: [{ system: 'aws', count: 1 }] },
      providers: NOTHING.providers,
      users: 1,
      organizations: 1,
    });
  });

  it('has nothing of a kind that the caller may not read', async () => {
    expect(await seenWith('audit:read', one)).toEqual({ ...NOTHING, users: 2, organizations: 1 });
    expect(await seenWith('modules:read', one)).toEqual({
      ...NOTHING,
      users: 2,
      organizations: 1,
      modules: OF_ONE.modules,
      downloads: 2,
    });
  });

  it('counts everything for a platform administrator', async () => {
    const signed = await people.signIn(await people.add({ [await people.defaultOrganization()]: 'admin' }));
    const numbers = (await signed(PATH)).json();
    expect(numbers).toMatchObject({ modules: { total: 4, versions: 5, downloads: 2 }, downloads: 5 });
    expect(numbers['organizations']).toBe(3);
    expect(numbers['users']).toBeGreaterThanOrEqual(3);
  });

  it('needs a credential', async () => {
    expect((await app.request(PATH)).status).toBe(401);
  });

  it('costs one statement for each block, and none while the answer is fresh', async () => {
    const principal = holding('modules:read,providers:read,users:read,organizations:read');
    const blocks = app.get(DashboardBlocks).all();
    for (const block of blocks) {
      expect({ name: block.name, statements: await statementsOf(() => block.load([one])) }).toEqual({
        name: block.name,
        statements: 1,
      });
      expect(await statementsOf(() => block.load('all'))).toBe(1);
    }
    await app.get(Dashboard).facts(principal);
    expect(await statementsOf(() => app.get(Dashboard).facts(principal))).toBe(0);
  });

  it('is read again when it is half a minute old, once for all who see the same', async () => {
    const loaded: CountedOrganizations[] = [];
    const blocks = new DashboardBlocks();
    blocks.register({
      name: 'modules',
      scope: 'modules:read',
      load: async (organizations) => {
        loaded.push(organizations);
        return {};
      },
    });
    const dashboard = new Dashboard(
      blocks,
      app.get(OrgAccess),
      app.get(Organizations),
      app.get(UsersDirectory),
    );
    const askAll = () =>
      Promise.all(['modules:read', 'modules:write', 'admin'].map((scope) => dashboard.facts(holding(scope))));
    const startMs = Math.ceil(performance.now());
    const clock = vi.spyOn(performance, 'now');
    try {
      for (const [afterMs, readings] of [
        [0, 1],
        [29_999, 1],
        [30_000, 2],
        [59_999, 2],
        [60_000, 3],
      ] as const) {
        clock.mockReturnValue(startMs + afterMs);
        await askAll();
        expect({ afterMs, loaded }).toEqual({
          afterMs,
          loaded: Array.from({ length: readings }, () => [one]),
        });
      }
    } finally {
      clock.mockRestore();
    }
  });

  /** Somebody who holds these scopes in one organization. */
  function holding(scopes: string): IdentifiedPrincipal {
    return {
      kind: 'user',
      userId: '00000000-0000-4000-8000-000000000001',
      name: 'Ada',
      email: 'ada@example.com',
      credential: { kind: 'session', id: 'session' },
      authority: {
        isPlatformAdmin: false,
        organizations: new Map([[one, scopes.split(',') as never]]),
        shared: undefined,
      },
    };
  }

  /** The least of several, because background work sends statements too. */
  async function statementsOf(work: () => Promise<unknown>): Promise<number> {
    const costs: number[] = [];
    for (let done = 0; done < 5; done += 1) {
      const before = app.get(StatementCounter).count;
      await work();
      costs.push(app.get(StatementCounter).count - before);
    }
    return Math.min(...costs);
  }
});
