import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../../../../support/test-app.js';
import {
  addPerson,
  createKey,
  defaultOrganization,
  inHours,
  isAccepted,
  type Person,
} from './support/key-owners.js';

const HOUR_MS = 3_600_000;

interface NewKey {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly expires_at: string | null;
}

interface Rotated {
  readonly new_key: NewKey;
  readonly old_key_status: string;
  readonly old_expires_at?: string;
}

describe('POST /api/v1/apikeys/{id}/rotate', () => {
  let app: TestApp;
  let owner: Person;
  let manager: Person;

  beforeAll(async () => {
    app = await TestApp.start();
    const defaultId = await defaultOrganization(app);
    owner = await addPerson(app, { [defaultId]: 'publisher' });
    manager = await addPerson(app, { [defaultId]: 'user_manager' });
  });
  afterAll(() => app.stop());

  const made = async (body: object = {}) => (await createKey(app, owner.key, body)).json<NewKey & Rotated>();
  const rotate = async (id: string, json?: object, key = owner.key) => {
    const answer = await app.request(`/api/v1/apikeys/${id}/rotate`, { method: 'POST', key, json });
    return { status: answer.status, ...answer.json<Rotated & { error?: string }>() };
  };
  /** How many hours from now, to the minute. */
  const hoursUntil = (time: string | null | undefined) =>
    Math.round(((new Date(time ?? 0).getTime() - Date.now()) / HOUR_MS) * 60) / 60;

  it('replaces a key at once, by one with the same owner, scopes and description', async () => {
    const old = await made({ description: 'about', scopes: ['modules:write'] });
    const { status, new_key, ...rest } = await rotate(old.id);
    expect({ status, ...rest }).toEqual({ status: 200, old_key_status: 'revoked' });
    expect(new_key).toMatchObject({
      name: 'ci (rotated)',
      description: 'about',
      scopes: ['modules:write'],
      expires_at: null,
    });
    expect(await isAccepted(app, old.key)).toBe(false);
    const shown = await app.request(`/api/v1/apikeys/${new_key.id}`, { key: new_key.key });
    expect(shown.json()).toMatchObject({ key: { user_id: owner.id } });
    expect((await rotate(old.id)).status).toBe(404);
  });

  it('lets the old key work on for the grace, never longer than before', async () => {
    const old = await made();
    const { old_key_status, old_expires_at } = await rotate(old.id, { grace_period_hours: 72 });
    expect(old_key_status).toBe('expires_at');
    expect(hoursUntil(old_expires_at)).toBeCloseTo(72, 1);
    expect(await isAccepted(app, old.key)).toBe(true);
    const short = await made({ expires_at: inHours(2) });
    expect((await rotate(short.id, { grace_period_hours: 72 })).old_expires_at).toBe(short.expires_at);
    const again = await rotate(short.id, { grace_period_hours: 1 });
    expect(hoursUntil(again.old_expires_at)).toBeCloseTo(1, 1);
  });

  it('gives the new key a full life of the same length', async () => {
    const old = await made({ expires_at: inHours(100) });
    await app.query(
      `UPDATE api_keys SET created_at = created_at - interval '90 hours', expires_at = expires_at - interval '90 hours'
       WHERE id = $1`,
      [old.id],
    );
    expect(hoursUntil((await rotate(old.id)).new_key.expires_at)).toBeCloseTo(100, 1);
  });

  it('adds its suffix once, and keeps names within their length', async () => {
    const first = await rotate((await made({ name: 'deploy' })).id);
    const second = await rotate(first.new_key.id);
    expect(second.new_key.name).toBe('deploy (rotated)');
    const { new_key } = await rotate((await made({ name: 'n'.repeat(255) })).id);
    expect(new_key.name).toHaveLength(255);
    expect(new_key.name).toMatch(/n \(rotated\)$/);
  });

  it.each([-1, 73, 1.5, '1'])('refuses a grace of %j hours', async (grace_period_hours) => {
    const { id, key } = await made();
    expect(await rotate(id, { grace_period_hours })).toMatchObject({
      status: 400,
      error: 'grace_period_hours must be between 0 and 72',
    });
    expect(await isAccepted(app, key)).toBe(true);
  });

  it('gives nobody a key with more than they hold, or one that outlives theirs (C3)', async () => {
    const strong = await made({ scopes: ['modules:write'] });
    expect((await rotate(strong.id, {}, manager.key)).status).toBe(403);
    const brief = await made({ scopes: ['modules:write'], expires_at: inHours(1) });
    expect((await rotate(strong.id, {}, brief.key)).status).toBe(403);
    expect((await rotate(brief.id, {}, brief.key)).status).toBe(403);
    expect(await isAccepted(app, strong.key)).toBe(true);
    expect(await isAccepted(app, brief.key)).toBe(true);
  });

  it('makes one new key of several rotations at the same time', async () => {
    const { id } = await made({ name: 'race' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => rotate(id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(404)]);
    const rows = await app.query(`SELECT 1 FROM api_keys WHERE name = 'race (rotated)'`);
    expect(rows).toHaveLength(1);
  });
});
