import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANONYMOUS } from '../../../src/access/principal.js';
import { InvalidAddress } from '../../../src/kernel/terraform/terraform.errors.js';
import { NamespaceNotYours } from '../../../src/orgs/domain/orgs.errors.js';
import { PublishGrant } from '../../../src/orgs/domain/publish-grant.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import {
  addOrganization,
  identityProcess,
  PLATFORM_ADMIN,
  keyOf,
  newEncryptionKey,
  type IdentityProcess,
} from '../auth/support/identity.js';

const ENCRYPTION_KEY = newEncryptionKey();
const SCOPE = 'modules:write';
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

describe('a grant to publish', () => {
  it('cannot be made by anybody but Namespaces', () => {
    expect(() => PublishGrant.takeIssuer()).toThrow(TypeError);
    const Forged = PublishGrant as unknown as new (token: symbol, facts: object) => PublishGrant;
    expect(() => new Forged(Symbol('issues grants'), {})).toThrow(TypeError);
  });
});

describe('namespaces in single-tenant mode', () => {
  let process: IdentityProcess;
  let defaultId: string;

  beforeAll(async () => {
    process = await identityProcess(database, ENCRYPTION_KEY);
    defaultId = (await process.organizations.getDefault()).id;
  });

  const publish = (name: string, principal = keyOf(defaultId, [SCOPE])) =>
    process.namespaces.grantPublish(principal, name, SCOPE);
  const claimed = async (name: string) => {
    const grant = await publish(name);
    await process.transactions.run(() => process.namespaces.claim(grant));
    return grant;
  };

  it('belong to the default organization, whatever organization the key or the request names', async () => {
    const team = await addOrganization(process.dataSource, 'team');
    const grant = await process.namespaces.grantPublish(
      keyOf(team, [SCOPE], { isMultiTenant: false }),
      'shared',
      SCOPE,
      team,
    );
    expect(grant).toMatchObject({
      organizationId: defaultId,
      namespace: 'shared',
      visibility: null,
      actor: { userId: null, name: 'ci' },
    });
  });

  it('are claimed only by the transaction that puts something into them', async () => {
    const grant = await publish('rolled-back');
    expect(await process.namespaces.find('rolled-back')).toBeUndefined();
    const failing = process.transactions.run(async () => {
      await process.namespaces.claim(grant);
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    expect(await process.namespaces.find('rolled-back')).toBeUndefined();
    await process.transactions.run(() => process.namespaces.claim(grant));
    expect(await process.namespaces.find('rolled-back')).toMatchObject({
      id: grant.claimId,
      name: 'rolled-back',
    });
  });

  it('can be read at once after they were claimed', async () => {
    const decide = () => process.access.readDecision(ANONYMOUS, 'fresh', 'modules:read');
    expect(await decide()).toBe('absent');
    await claimed('fresh');
    expect(await decide()).toBe('allowed');
  });

  it('are one in every spelling, and keep that of their owner (C5)', async () => {
    const { claimId } = await claimed('Acme_Corp');
    for (const spelling of ['acme_corp', 'ACME-CORP', 'Acme-Corp', 'acme_Corp']) {
      expect(await publish(spelling)).toMatchObject({ claimId, namespace: 'Acme_Corp' });
    }
  });

  it('cannot have reserved, foreign or malformed names (C5)', async () => {
    const lookalikes = ['\uff41cme', '\u0430cme', '\u212a', '\u017fet'];
    const names = [
      'search',
      'Versions',
      'download',
      '',
      'a/b',
      '..',
      '-a',
      'a_',
      'a'.repeat(65),
      ...lookalikes,
    ];
    for (const name of names) await expect(publish(name)).rejects.toThrow(InvalidAddress);
  });

  it('are closed to callers without the scope, and to anonymous ones', async () => {
    await claimed('guarded');
    for (const name of ['guarded', 'unclaimed']) {
      await expect(publish(name, keyOf(defaultId, ['modules:read']))).rejects.toThrow(NamespaceNotYours);
      await expect(process.namespaces.grantPublish(ANONYMOUS, name, SCOPE)).rejects.toThrow(
        NamespaceNotYours,
      );
    }
  });

  it('get one owner when many claim them at once', async () => {
    const grants = await Promise.all(['raced', 'RACED', 'Raced', 'rAced'].map((name) => publish(name)));
    await Promise.all(grants.map((grant) => process.transactions.run(() => process.namespaces.claim(grant))));
    const rows: unknown[] = await process.dataSource.query(
      `SELECT 1 FROM namespace_claims WHERE folded_name = 'raced'`,
    );
    expect(rows).toHaveLength(1);
  });
});

describe('namespaces in multi-tenant mode', () => {
  let process: IdentityProcess;
  let red: string;
  let blue: string;

  beforeAll(async () => {
    process = await identityProcess(database, ENCRYPTION_KEY, {
      multiTenancyEnabled: true,
      anonymousRead: false,
    });
    red = await addOrganization(process.dataSource, 'red');
    blue = await addOrganization(process.dataSource, 'Blue_Team', 'public');
  });

  const publish = (organization: string, name: string, wanted?: string) =>
    process.namespaces.grantPublish(keyOf(organization, [SCOPE]), name, SCOPE, wanted);
  const claim = async (organization: string, name: string) => {
    const grant = await publish(organization, name);
    await process.transactions.run(() => process.namespaces.claim(grant));
  };
  const refusalOf = (attempt: Promise<unknown>) => attempt.catch((error: unknown) => error);

  it('belong to the organization of the key', async () => {
    expect(await publish(red, 'crimson')).toMatchObject({ organizationId: red });
    expect(await publish(red, 'crimson', '')).toMatchObject({ organizationId: red });
  });

  it('refuse other organizations with one text: claimed, reserved, foreign or unknown owner', async () => {
    await claim(red, 'scarlet');
    const refusals = await Promise.all([
      refusalOf(publish(blue, 'scarlet')),
      refusalOf(publish(blue, 'SCARLET')),
      refusalOf(publish(blue, 'red')),
      refusalOf(publish(red, 'blue-team')),
      refusalOf(publish(blue, 'free', red)),
      refusalOf(publish(blue, 'free', '00000000-0000-0000-0000-000000000000')),
      refusalOf(publish(blue, 'free', 'not an id')),
    ]);
    for (const refusal of refusals) expect(refusal).toBeInstanceOf(NamespaceNotYours);
    expect(new Set(refusals.map((refusal) => (refusal as Error).message)).size).toBe(1);
  });

  it('let an organization use its own name', async () => {
    expect(await publish(blue, 'blue-team')).toMatchObject({ organizationId: blue, visibility: 'public' });
  });

  it('let a platform administrator publish everywhere, for the owner', async () => {
    const { id } = await process.organizations.getDefault();
    const admin = keyOf(id, ['admin'], { authority: PLATFORM_ADMIN });
    expect(await process.namespaces.grantPublish(admin, 'scarlet', SCOPE)).toMatchObject({
      organizationId: red,
    });
    expect(await process.namespaces.grantPublish(admin, 'new', SCOPE, red)).toMatchObject({
      organizationId: red,
    });
  });

  it('do not let admin of one organization into another', async () => {
    const admin = keyOf(blue, ['admin']);
    await expect(process.namespaces.grantPublish(admin, 'scarlet', SCOPE)).rejects.toThrow(NamespaceNotYours);
  });

  it('go to one organization when two claim one at once; the other is refused', async () => {
    const grants = await Promise.all([publish(red, 'contested'), publish(blue, 'Contested')]);
    const outcomes = await Promise.allSettled(
      grants.map((grant) => process.transactions.run(() => process.namespaces.claim(grant))),
    );
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const lost = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(lost?.reason).toBeInstanceOf(NamespaceNotYours);
  });

  it('are changed by their owner; a caller who may not see them finds nothing, a reader is refused', async () => {
    await claim(blue, 'azure');
    const change = (organization: string, name: string) =>
      process.namespaces.grantChange(keyOf(organization, [SCOPE]), name, SCOPE);
    expect(await change(red, 'scarlet')).toMatchObject({ organizationId: red });
    expect(await change(blue, 'scarlet')).toBeUndefined();
    expect(await change(blue, 'nobody')).toBeUndefined();
    await expect(change(red, 'azure')).rejects.toThrow(NamespaceNotYours);
  });
});
