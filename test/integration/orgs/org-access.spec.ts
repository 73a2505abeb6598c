import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANONYMOUS, type Principal } from '../../../src/access/principal.js';
import type { ReadDecision } from '../../../src/orgs/org-access.service.js';
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
const SCOPE = 'modules:read';
let database: TestDatabase;
let organizations: Record<'follows' | 'hidden' | 'shown', string>;

beforeAll(async () => {
  database = await createTestDatabase();
  const { dataSource } = await identityProcess(database, ENCRYPTION_KEY);
  organizations = {
    follows: await addOrganization(dataSource, 'follows'),
    hidden: await addOrganization(dataSource, 'hidden', 'private'),
    shown: await addOrganization(dataSource, 'shown', 'public'),
  };
  for (const [name, id] of Object.entries(organizations)) {
    await dataSource.query(
      `INSERT INTO namespace_claims (name, folded_name, organization_id) VALUES ($1, $1, $2)`,
      [name, id],
    );
  }
});

afterAll(() => database.drop());

/** One row of REST contract 3.6: what each caller sees of `follows`, `hidden`, `shown` and an absent namespace. */
type Row = [caller: string, principal: () => Principal, decisions: ReadDecision[]];

describe.each([
  ['an open server', true],
  ['a private server', false],
])('reading on %s (checklist 14)', (_, anonymousRead) => {
  let process: IdentityProcess;

  beforeAll(async () => {
    process = await identityProcess(database, ENCRYPTION_KEY, {
      anonymousRead,
      multiTenancyEnabled: true,
    });
  });

  const closed: ReadDecision = anonymousRead ? 'absent' : 'unauthenticated';
  const follows: ReadDecision = anonymousRead ? 'allowed' : 'absent';
  const rows: Row[] = [
    ['an anonymous caller', () => ANONYMOUS, [anonymousRead ? 'allowed' : closed, closed, 'allowed', closed]],
    [
      'a member of the private organization',
      () => keyOf(organizations.hidden, [SCOPE]),
      [follows, 'allowed', 'allowed', 'absent'],
    ],
    [
      'a member without the scope',
      () => keyOf(organizations.hidden, ['providers:read']),
      [follows, 'absent', 'allowed', 'absent'],
    ],
    [
      'a member of another organization',
      () => keyOf(organizations.shown, ['admin']),
      [follows, 'absent', 'allowed', 'absent'],
    ],
    [
      'a platform administrator',
      () => keyOf(organizations.shown, ['admin'], { authority: PLATFORM_ADMIN }),
      ['allowed', 'allowed', 'allowed', 'absent'],
    ],
  ];
  it.each(rows)('gives %s what the table says', async (_caller, principal, decisions) => {
    const seen = await Promise.all(
      ['follows', 'hidden', 'shown', 'nobody'].map((name) =>
        process.access.readDecision(principal(), name, SCOPE),
      ),
    );
    expect(seen).toEqual(decisions);
  });

  it('asks the database once while the answer is fresh, in every spelling', async () => {
    process.access.forget('hidden');
    const before = process.counter.count;
    for (const name of ['hidden', 'HIDDEN', 'Hidden']) {
      await Promise.all(
        Array.from({ length: 20 }, () => process.access.readDecision(ANONYMOUS, name, SCOPE)),
      );
    }
    expect(process.counter.count - before).toBe(1);
  });

  it('decides about lists by the setting of the server', () => {
    const decisions = [
      ANONYMOUS,
      keyOf(organizations.shown, ['providers:read']),
      keyOf(organizations.shown, [SCOPE]),
    ].map((principal) => process.access.listDecision(principal, SCOPE));
    expect(decisions).toEqual(
      anonymousRead ? ['allowed', 'allowed', 'allowed'] : ['unauthenticated', 'forbidden', 'allowed'],
    );
  });
});

describe('reading in single-tenant mode', () => {
  const SINGLE = { isMultiTenant: false };

  it('needs the scope, not a membership in the owning organization', async () => {
    const { access } = await identityProcess(database, ENCRYPTION_KEY);
    expect(await access.readDecision(keyOf(organizations.shown, [SCOPE], SINGLE), 'hidden', SCOPE)).toBe(
      'allowed',
    );
    expect(await access.readDecision(keyOf(organizations.shown, ['scm:read'], SINGLE), 'hidden', SCOPE)).toBe(
      'absent',
    );
  });
});
