import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scope } from '../../../src/access/scope.js';
import { ApiKeyToken } from '../../../src/auth/domain/api-key-token.js';
import { NoRoleAssigned } from '../../../src/auth/domain/api-keys.errors.js';
import { ApiKeyNotFound } from '../../../src/auth/domain/auth.errors.js';
import { InvalidInput } from '../../../src/kernel/invalid-input.js';
import { OrganizationNotFound } from '../../../src/orgs/domain/orgs.errors.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { pipelineToken } from '../../support/factories/pipeline-token.factory.js';
import {
  addOrganization,
  addUser,
  authenticate,
  identityProcess,
  newEncryptionKey,
  type IdentityProcess,
} from './support/identity.js';

describe('API keys', () => {
  const encryptionKey = newEncryptionKey();
  let database: TestDatabase;
  let first: IdentityProcess;
  let second: IdentityProcess;
  let defaultId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    first = await identityProcess(database, encryptionKey);
    second = await identityProcess(database, encryptionKey);
    defaultId = (await first.organizations.getDefault()).id;
  });

  afterAll(() => database.drop());

  const query = <Row>(text: string, values: unknown[] = []) =>
    first.dataSource.query(text, values) as Promise<Row[]>;
  const newKey = (more: object = {}) => first.keys.issue({ name: 'ci', scopes: ['modules:write'], ...more });
  const outcome = async (key: string, process = second) => (await process.keys.check(key)).outcome;

  it('act in the default organization with their own scopes', async () => {
    const { key, id, keyPrefix } = await newKey();
    expect(key).toMatch(/^tfr_[A-Za-z0-9_-]{43}$/);
    expect(keyPrefix).toBe(key.slice(0, 10));
    expect(await authenticate(second.keys, key)).toMatchObject({
      kind: 'api-key',
      keyId: id,
      organizationId: defaultId,
      userId: null,
      name: 'ci',
      scopes: ['modules:read', 'modules:write'],
      authority: { isPlatformAdmin: false },
      namespaces: null,
    });
  });

  it('are stored only as a keyed digest (A1)', async () => {
    const { key } = await newKey();
    const secret = key.slice(4);
    const tables = await query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    expect(tables.length).toBeGreaterThan(10);
    const forms = [
      secret,
      Buffer.from(key).toString('hex'),
      Buffer.from(secret, 'base64url').toString('hex'),
    ];
    for (const { name } of tables) {
      for (const form of forms) {
        const rows = await query(`SELECT 1 FROM "${name}" t WHERE strpos(t::text, $1) > 0`, [form]);
        expect(rows).toEqual([]);
      }
    }
  });

  it('cost one statement, and none while the answer is fresh', async () => {
    const { key } = await newKey();
    const before = second.counter.count;
    await Promise.all(Array.from({ length: 100 }, () => second.keys.check(key)));
    await second.keys.check(key);
    expect(second.counter.count - before).toBe(1);
  });

  it('cost nothing when they are malformed (A4)', async () => {
    const { key } = await newKey();
    const before = second.counter.count;
    for (let round = 0; round < 50_000; round++) {
      const garbage = ApiKeyToken.generate('tfr_').text.slice(0, -6) + 'AAAAAA';
      expect((await second.keys.check(garbage)).outcome).toBe('invalid');
    }
    for (const text of ['', 'tfr_', `${key}x`, key.toUpperCase()])
      expect(await outcome(text)).toBe('invalid');
    expect(second.counter.count).toBe(before);
  });

  it('are found by a unique index, however many share the shown prefix (A3)', async () => {
    await query(
      `INSERT INTO api_keys (organization_id, name, key_prefix, key_digest, scopes)
       SELECT $1, 'flood', 'tfr_abcdef', sha256(n::text::bytea), '{modules:read}' FROM generate_series(1, 10000) n`,
      [defaultId],
    );
    await query('ANALYZE api_keys');
    const plan = await query<Record<string, string>>(
      `EXPLAIN SELECT 1 FROM api_keys WHERE key_digest = '\\x00'::bytea`,
    );
    expect(JSON.stringify(plan)).toMatch(/Index.*uq_api_key_digest/);
    const { key, id, keyPrefix } = await newKey();
    await query(`UPDATE api_keys SET key_prefix = $1 WHERE name = 'flood'`, [keyPrefix]);
    const before = second.counter.count;
    expect(await authenticate(second.keys, key)).toMatchObject({ keyId: id });
    expect(second.counter.count - before).toBe(1);
    const [found] = await query<Record<string, string>>(
      `EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, FORMAT JSON) SELECT 1 FROM api_keys k WHERE key_digest =
         (SELECT key_digest FROM api_keys WHERE id = '${id}')`,
    );
    expect(JSON.stringify(found)).not.toContain('Seq Scan');
    expect(JSON.stringify(found)).not.toMatch(/"Actual Rows":(?!1(?:\.0+)?[,}])/);
  });

  it('that nobody issued are invalid, and are not remembered', async () => {
    const invented = ApiKeyToken.generate('tfr_').text;
    expect(await outcome(invented)).toBe('invalid');
    expect(await authenticate(second.keys, invented)).toBeUndefined();
  });

  it('work at once after they were issued', async () => {
    const { key } = await newKey();
    expect(await outcome(key, second)).toBe('valid');
  });

  it.each(['the key itself', 'its id'])('are revoked by %s within a second everywhere (A6)', async (by) => {
    const { key, id } = await newKey();
    expect(await outcome(key, second)).toBe('valid');
    expect(await first.keys.revoke(by === 'its id' ? id : key)).toBe(id);
    const revokedAt = performance.now();
    expect(await outcome(key, first)).toBe('invalid');
    let lastSuccess = 0;
    while (performance.now() - revokedAt < 1_300) {
      if ((await outcome(key, second)) === 'valid') lastSuccess = performance.now() - revokedAt;
      await sleep(10);
    }
    expect(lastSuccess).toBeLessThanOrEqual(1_000);
    expect(await outcome(key, second)).toBe('invalid');
    expect(await first.keys.revoke(id)).toBe(id);
  });

  it('that do not exist cannot be revoked', async () => {
    const unknown = ['garbage', '00000000-0000-0000-0000-000000000000', ApiKeyToken.generate('tfr_').text];
    for (const one of unknown) await expect(first.keys.revoke(one)).rejects.toThrow(ApiKeyNotFound);
  });

  it('cost the same search whether they exist, are revoked or were invented (A2)', async () => {
    const [{ key }, revoked] = [await newKey(), await newKey()];
    await first.keys.revoke(revoked.id);
    for (const text of [key, revoked.key, ApiKeyToken.generate('tfr_').text]) {
      const before = second.counter.count;
      await second.keys.check(text);
      expect(second.counter.count - before).toBe(1);
    }
  });

  it('that were revoked are looked for every time, as those that nobody issued, and not found (A2)', async () => {
    const revoked = await newKey();
    await first.keys.revoke(revoked.id);
    for (const text of [revoked.key, ApiKeyToken.generate('tfr_').text]) {
      const before = second.counter.count;
      for (let time = 1; time <= 3; time += 1) {
        expect(await outcome(text, second)).toBe('invalid');
        expect(second.counter.count - before).toBe(time);
      }
    }
    const indexes = await query<{ indexdef: string }>(
      `SELECT indexdef FROM pg_indexes WHERE tablename = 'api_keys' AND indexdef LIKE '%(key_digest)%' ORDER BY 1`,
    );
    // Without its own index a revoked key would be fetched from the table before it is passed over.
    expect(indexes.map(({ indexdef }) => indexdef.includes('WHERE (revoked_at IS NULL)'))).toEqual([
      false,
      true,
    ]);
  });

  it('of a signed-in CLI are cut to what the user holds now, and to the longest life', async () => {
    const userId = await addUser(first.dataSource, { [defaultId]: 'viewer' });
    const login = {
      userId,
      organizationId: defaultId,
      name: 'terraform login',
      scopes: ['modules:read', 'modules:write', 'users:write'] as Scope[],
      expiresAt: null,
    };
    const issued = await first.keys.issueForLogin(login);
    expect(issued).toMatchObject({ scopes: ['modules:read'], expiresAt: null });
    expect(await authenticate(second.keys, issued.key)).toMatchObject({ userId, scopes: ['modules:read'] });
    const strict = await identityProcess(database, encryptionKey, { apiKeyMaxLifetimeMs: 60_000 });
    const { expiresAt } = await strict.keys.issueForLogin(login);
    expect(Math.abs(expiresAt!.getTime() - Date.now() - 60_000)).toBeLessThan(30_000);
    const nobody = { ...login, userId: await addUser(first.dataSource, { [defaultId]: null }) };
    await expect(first.keys.issueForLogin(nobody)).rejects.toThrow(NoRoleAssigned);
  });

  it('of pipelines belong to the organization, touch their namespaces only and end with their publisher', async () => {
    const input = await pipelineToken(query, defaultId);
    const { key } = await first.keys.issueExchanged(input);
    expect(await authenticate(second.keys, key)).toMatchObject({
      userId: null,
      organizationId: defaultId,
      namespaces: ['acme-tools'],
      publishedFrom: input.publishedFrom,
    });
    await query('DELETE FROM trusted_publishers WHERE id = $1', [input.publisherId]);
    expect(
      await query('SELECT 1 FROM api_keys WHERE key_prefix = $1 AND namespaces IS NOT NULL', [
        key.slice(0, 10),
      ]),
    ).toEqual([]);
    const unbound = `INSERT INTO api_keys (organization_id, name, key_prefix, key_digest, scopes, trusted_publisher_id)
      VALUES ($1, 'x', 'x', 'x', '{admin}', $2)`;
    const { publisherId } = await pipelineToken(query, defaultId);
    await expect(query(unbound, [defaultId, publisherId])).rejects.toThrow('ck_api_key_exchanged');
  });

  it('end when they expire', async () => {
    const { key } = await newKey({ expiresAt: new Date(Date.now() + 300) });
    expect(await outcome(key)).toBe('valid');
    await sleep(350);
    expect(await outcome(key)).toBe('expired');
  });

  it('never do more than their owner may do now (I5)', async () => {
    const userId = await addUser(first.dataSource, { [defaultId]: 'publisher' });
    const { key } = await newKey({ userId, scopes: ['admin'] });
    const scopesOf = async () => (await authenticate(first.keys, key))?.scopes;
    expect(await scopesOf()).toContain('modules:write');
    expect(await scopesOf()).not.toContain('admin');
    await query(
      `UPDATE memberships SET role_template_id = (SELECT id FROM role_templates WHERE name = 'viewer') WHERE user_id = $1`,
      [userId],
    );
    await sleep(1_050);
    expect(await scopesOf()).not.toContain('modules:write');
    await query('DELETE FROM memberships WHERE user_id = $1', [userId]);
    await sleep(1_050);
    expect(await scopesOf()).toEqual([]);
    await query('UPDATE users SET is_active = false WHERE id = $1', [userId]);
    await sleep(1_050);
    expect(await outcome(key, first)).toBe('invalid');
  });

  it('with admin in the default organization are platform administrators', async () => {
    const { key } = await newKey({ scopes: ['admin'] });
    expect(await authenticate(first.keys, key)).toMatchObject({ authority: { isPlatformAdmin: true } });
    const organizationId = await addOrganization(first.dataSource, 'team');
    const other = await newKey({ scopes: ['modules:read'], organizationId });
    expect(await authenticate(first.keys, other.key)).toMatchObject({
      authority: { isPlatformAdmin: false },
      scopes: ['modules:read'],
    });
  });

  it('stay valid when the configured prefix changes, and are refused when keys are switched off', async () => {
    const { key } = await newKey();
    const renamed = await identityProcess(database, encryptionKey, { apiKeyPrefix: 'acme_' });
    expect((await renamed.keys.issue({ name: 'a', scopes: ['modules:read'] })).key).toMatch(/^acme_/);
    expect(await outcome(key, renamed)).toBe('valid');
    const off = await identityProcess(database, encryptionKey, { apiKeysEnabled: false });
    expect(await outcome(key, off)).toBe('invalid');
  });

  it('note their last use together, not one statement for each request', async () => {
    const { key, id } = await newKey();
    await second.keys.check(key);
    const lastUsed = async () => {
      const [row] = await query<{ last_used_at: Date | null }>(
        'SELECT last_used_at FROM api_keys WHERE id = $1',
        [id],
      );
      return row!.last_used_at;
    };
    expect(await lastUsed()).toBeNull();
    const before = second.counter.count;
    await second.usage.flush();
    await second.usage.flush();
    expect(second.counter.count - before).toBe(1);
    expect(Date.now() - (await lastUsed())!.getTime()).toBeLessThan(60_000);
  });

  it('need a name, known scopes, a future end and an organization that exists', async () => {
    await expect(newKey({ scopes: ['modules:*'] })).rejects.toThrow(
      'Invalid scopes: invalid scope: modules:*',
    );
    await expect(newKey({ scopes: [] })).rejects.toThrow(InvalidInput);
    await expect(newKey({ name: '' })).rejects.toThrow(InvalidInput);
    await expect(newKey({ expiresAt: new Date(0) })).rejects.toThrow(InvalidInput);
    await expect(first.organizations.getByName('nobody')).rejects.toThrow(OrganizationNotFound);
    expect((await newKey({ scopes: ['organizations:manage'] })).scopes).toEqual(['organizations:write']);
  });
});
