import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProviderAddress } from '../../../src/kernel/terraform/provider-address.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { MirroredOrder } from '../../../src/providers/mirrored-order.service.js';
import { MirroredProviders } from '../../../src/providers/mirrored-providers.service.js';
import { PostponedLists } from '../../../src/providers/postponed-lists.service.js';
import { uniqueName } from '../../support/factories/names.js';
import { mirrorRelease } from '../../support/mirrored-release.js';
import { seededRandom } from '../../support/seeded-random.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from '../auth/support/browser.js';

const HOSTS = ['old.example.com', 'middle.example.com', 'young.example.com'];
const ROUNDS = 6;
const CHANGES = 14;
const HOUR = 3_600_000;

describe('mirrored providers that many change at once', () => {
  let app: TestApp;
  let replica: TestApp;
  let admin: Browser;
  let organizations: string[];

  beforeAll(async () => {
    app = await TestApp.start({
      TFR_MULTI_TENANCY_ENABLED: 'true',
      TFR_SECURITY_RATE_LIMITING_ENABLED: 'false',
    });
    replica = await app.another();
    admin = await Browser.signIn(app, await addPerson(app, { [await defaultOrganizationOf(app)]: 'admin' }));
    organizations = [await app.addOrganization('one', 'public'), await app.addOrganization('two', 'private')];
  });
  afterAll(async () => {
    await replica?.stop();
    await app?.stop();
  });

  it('have one owner when two organizations bring the same one', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const type = uniqueName('raced');
      const outcomes = await Promise.all(
        [organizations[0]!, organizations[1]!, null].map((organizationId, index) =>
          mirrorRelease(index === 0 ? app : replica, { type, organizationId }).then(
            () => 'brought',
            ({ code }: { code: string }) => code,
          ),
        ),
      );
      expect(outcomes.toSorted()).toEqual(['brought', 'mirrored_elsewhere', 'mirrored_elsewhere']);
      const claims = await app.query('SELECT 1 FROM namespace_claims WHERE mirrored_address = $1', [
        `hashicorp/${type}`,
      ]);
      expect(claims).toHaveLength(1);
    }
  });

  it('have exactly the documents that follow from their rows, whatever the order was', async () => {
    const random = seededRandom(2_026);
    for (let round = 0; round < ROUNDS; round += 1) {
      const type = uniqueName('raced');
      await Promise.all(Array.from({ length: CHANGES }, () => change(type, random)));
      for (const host of HOSTS)
        await replica.get(PostponedLists).settle({ host, namespace: 'hashicorp', type });
      const before = await documents(type);
      expect(await strangers(type)).toEqual([]);
      for (const host of HOSTS) await renew(type, host);
      expect(await documents(type)).toEqual(before);
      const found = await app.query('SELECT readers FROM search_documents WHERE name = $1', [type]);
      const [oldest] = await app.query<{ readers: string }>(
        `SELECT c.name AS readers FROM namespace_claims c JOIN registry_providers p
           ON p.upstream_host = split_part(c.name, '/', 1) AND p.type = $1 AND p.held_back_reason IS NULL
         WHERE c.mirrored_address = $2 AND c.name = (SELECT m.name FROM namespace_claims m
           WHERE m.mirrored_address = $2 ORDER BY m.created_at, m.name LIMIT 1)`,
        [type, `hashicorp/${type}`],
      );
      expect(found).toEqual(oldest === undefined ? [] : [oldest]);
    }
  });

  const change = async (type: string, random: () => number): Promise<void> => {
    const place = Math.floor(random() * HOSTS.length);
    const host = HOSTS[place]!;
    const at = random() < 0.5 ? app : replica;
    const address = { host, namespace: 'hashicorp', type };
    const dice = random();
    const version = `1.${Math.floor(random() * 3)}.0`;
    if (dice < 0.6) {
      const organizationId = [null, ...organizations][place]!;
      const since = new Date(Date.UTC(2026, place));
      const listWithinMs = dice < 0.3 ? 0 : HOUR;
      await mirrorRelease(at, { type, host, since, version, organizationId, listWithinMs });
    } else if (dice < 0.7) await at.get(MirroredProviders).holdBack(address, dice < 0.65 ? 'not now' : null);
    else if (dice < 0.8) await at.get(MirroredProviders).deleteVersions(address, [version]);
    else if (dice < 0.9) await at.get(MirroredProviders).purge(address);
    else {
      const visibility = dice < 0.95 ? 'private' : 'public';
      const path = `/api/v1/organizations/${organizations[place % 2]!}`;
      const answer = await admin.request(path, { method: 'PUT', json: { visibility }, proof: 'handle', at });
      expect(answer.status).toBe(200);
    }
  };
  const documents = (type: string) =>
    app.query(
      `SELECT path, subject, etag, namespace, visibility FROM protocol_documents WHERE path LIKE $1 ORDER BY path`,
      [`%/hashicorp/${type}/%`],
    );
  /** Documents of providers that are gone or held back. */
  const strangers = (type: string) =>
    app.query(
      `SELECT d.path FROM protocol_documents d WHERE d.path LIKE $1 AND NOT EXISTS (
         SELECT 1 FROM namespace_claims c JOIN registry_providers p ON p.type = $2
           AND c.name = p.upstream_host || '/' || p.namespace || '/' || p.type
         WHERE c.name = d.namespace AND p.deleted_at IS NULL AND p.held_back_reason IS NULL)`,
      [`%/hashicorp/${type}/%`, type],
    );
  const renew = (type: string, host: string) =>
    app
      .get(Transactions)
      .run(() =>
        app.get(MirroredOrder).renew(ProviderAddress.parse({ namespace: 'hashicorp', type }).from(host)),
      );
});
