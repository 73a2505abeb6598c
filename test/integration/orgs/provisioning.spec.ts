import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserCreationRefused } from '../../../src/orgs/domain/users.errors.js';
import { type IdentityClaim, Users } from '../../../src/orgs/users.service.js';
import { TestApp } from '../../support/test-app.js';

const FIRST = 'https://first.example.com';
const SECOND = 'https://second.example.com';

/** Somebody new, whose provider verified the address; the fields given are said instead. */
function claimOf(given: Partial<IdentityClaim> = {}): IdentityClaim {
  return {
    issuer: FIRST,
    subject: randomUUID(),
    email: `${randomUUID()}@example.com`,
    isEmailVerified: true,
    isEmailTrusted: false,
    name: 'Ada',
    ...given,
  };
}

describe('who signs in (REST contract 9.2, user matching)', () => {
  let app: TestApp;
  let users: Users;

  beforeAll(async () => {
    app = await TestApp.start();
    users = app.get(Users);
  });

  afterAll(() => app.stop());

  const expectRefused = (claim: IdentityClaim) =>
    expect(users.provision(claim)).rejects.toBeInstanceOf(UserCreationRefused);
  const isUnbound = async (id: string) => (await users.get(id)).oidcSub === null;

  it('is a new user the first time, and the same one ever after, whatever else changed', async () => {
    const claim = claimOf({ email: `Grace.${randomUUID()}@Example.com` });
    const user = await users.provision(claim);
    expect(user).toMatchObject({
      email: claim.email.toLowerCase(),
      name: 'Ada',
      oidcIssuer: FIRST,
      oidcSub: claim.subject,
      isActive: true,
    });
    const later = { ...claim, email: 'moved@example.com', name: 'Other', isEmailVerified: false };
    expect((await users.provision(later)).id).toBe(user.id);
    expect(await users.get(user.id)).toMatchObject({ email: user.email, name: 'Ada' });
  });

  it('is named after the address where the provider says no name', async () => {
    const { name } = await users.provision(claimOf({ email: `kay-${randomUUID()}@example.com`, name: null }));
    expect(name).toMatch(/^kay-/);
    expect((await users.provision(claimOf({ name: 'n'.repeat(4000) }))).name.length).toBeLessThanOrEqual(255);
  });

  it('is an existing user without subject when the address is verified', async () => {
    const existing = await users.ensure({ email: `${randomUUID()}@example.com`, name: 'Grace' });
    const claim = claimOf({ email: existing.email.toUpperCase() });
    expect(await users.provision(claim)).toMatchObject({ id: existing.id, name: 'Grace', oidcIssuer: FIRST });
    expect((await users.provision({ ...claim, isEmailVerified: false })).id).toBe(existing.id);
  });

  it.each([false, undefined])(
    'is nobody when the address is not verified: %s (B13)',
    async (isEmailVerified) => {
      const existing = await users.ensure({ email: `${randomUUID()}@example.com` });
      await expectRefused(claimOf({ email: existing.email, isEmailVerified }));
      expect(await isUnbound(existing.id)).toBe(true);
      const trusted = claimOf({ email: existing.email, isEmailVerified, isEmailTrusted: true });
      expect((await users.provision(trusted)).id).toBe(existing.id);
    },
  );

  it('is not the same person at two providers with one address (B13)', async () => {
    const claim = claimOf();
    const first = await users.provision(claim);
    await expectRefused({ ...claim, issuer: SECOND });
    await expectRefused({ ...claim, issuer: SECOND, subject: randomUUID(), isEmailTrusted: true });
    await expectRefused({ ...claim, subject: randomUUID() });
    expect(await users.get(first.id)).toMatchObject({ oidcIssuer: FIRST, oidcSub: claim.subject });
    const elsewhere = { ...claim, issuer: SECOND, email: `${randomUUID()}@example.com` };
    expect((await users.provision(elsewhere)).id).not.toBe(first.id);
  });

  it('is who was announced with a subject, once', async () => {
    const subject = randomUUID();
    const [row] = await app.query<{ id: string }>(
      `INSERT INTO users (email, name, oidc_sub) VALUES ($1, 'Ada', $2) RETURNING id`,
      [`${randomUUID()}@example.com`, subject],
    );
    const claim = claimOf({ subject, isEmailVerified: false });
    expect((await users.provision(claim)).id).toBe(row!.id);
    expect((await users.provision(claim)).id).toBe(row!.id);
    expect((await users.provision({ ...claim, issuer: SECOND })).id).not.toBe(row!.id);
  });

  it('does not join a user who was announced with another subject', async () => {
    const email = `${randomUUID()}@example.com`;
    await app.query(`INSERT INTO users (email, name, oidc_sub) VALUES ($1, 'Ada', $2)`, [
      email,
      randomUUID(),
    ]);
    await expectRefused(claimOf({ email, isEmailTrusted: true }));
  });

  it('needs issuer, subject and an address', async () => {
    await expectRefused(claimOf({ issuer: '' }));
    await expectRefused(claimOf({ subject: '' }));
    await expectRefused(claimOf({ email: '' }));
    await expectRefused(claimOf({ email: 'no address' }));
  });

  it('finds disabled users without letting them become somebody else', async () => {
    const user = await users.provision(claimOf());
    await app.query('UPDATE users SET is_active = false WHERE id = $1', [user.id]);
    const claim = claimOf({ subject: user.oidcSub!, email: user.email });
    expect(await users.provision(claim)).toMatchObject({ id: user.id, isActive: false });
  });

  it('is one user when the same person signs in for the first time many times at once, on two replicas', async () => {
    const replica = await app.another();
    try {
      for (let round = 0; round < 5; round += 1) {
        const fresh = claimOf();
        const existing = await users.ensure({ email: `${randomUUID()}@example.com` });
        const joining = claimOf({ email: existing.email });
        const both = [users, replica.get(Users)];
        const ids = (claim: IdentityClaim) =>
          Promise.all(
            Array.from({ length: 10 }, (_, i) => both[i % 2]!.provision(claim).then(({ id }) => id)),
          );
        expect(new Set(await ids(fresh)).size).toBe(1);
        expect(new Set(await ids(joining))).toEqual(new Set([existing.id]));
      }
    } finally {
      await replica.stop();
    }
  });

  it('gives an address to one of two people who want it at once', async () => {
    const email = `${randomUUID()}@example.com`;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => users.provision(claimOf({ email }))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await app.query('SELECT 1 FROM users WHERE email = $1', [email])).toHaveLength(1);
  });

  describe('the administrator of the setup', () => {
    it('signs in once although the provider leaves out whether the address is verified', async () => {
      const admin = await users.rememberSetupAdministrator(` Root.${randomUUID()}@Example.com `, 'Root');
      expect(admin).toMatchObject({ name: 'Root' });
      await expectRefused(claimOf({ email: admin.email, isEmailVerified: false }));
      const claim = claimOf({ email: admin.email, isEmailVerified: undefined });
      expect((await users.provision(claim)).id).toBe(admin.id);
      await expectRefused({ ...claim, subject: randomUUID() });
      await app.query('UPDATE users SET oidc_sub = NULL, oidc_issuer = NULL WHERE id = $1', [admin.id]);
      await expectRefused({ ...claim, subject: randomUUID() });
    });

    it('is replaced by another one who is entered', async () => {
      const wrong = await users.rememberSetupAdministrator(`${randomUUID()}@example.com`);
      const right = await users.rememberSetupAdministrator(`${randomUUID()}@example.com`);
      expect(await users.findByEmail(wrong.email)).toBeUndefined();
      expect((await users.rememberSetupAdministrator(right.email)).id).toBe(right.id);
      const known = await users.ensure({ email: `${randomUUID()}@example.com` });
      await users.rememberSetupAdministrator(known.email);
      await users.rememberSetupAdministrator(`${randomUUID()}@example.com`);
      expect((await users.findByEmail(known.email))?.id).toBe(known.id);
      await expectRefused(claimOf({ email: known.email, isEmailVerified: undefined }));
    });

    it('does not make somebody with a subject joinable', async () => {
      const user = await users.provision(claimOf());
      await users.rememberSetupAdministrator(user.email);
      await expectRefused(claimOf({ email: user.email, isEmailVerified: undefined }));
    });
  });
});
