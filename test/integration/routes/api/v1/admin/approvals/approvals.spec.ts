import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../../../../../support/http-request.js';
import { TestApp } from '../../../../../../support/test-app.js';
import { People, type Signed } from '../../../../support/people.js';

const APPROVALS = '/api/v1/admin/approvals';
const ABSENT = '00000000-0000-4000-8000-000000000000';

interface Shown {
  id: string;
  [field: string]: unknown;
}

let app: TestApp;
let acme: string;
let mirror: string;
let shared: string;
let platform: Signed;
let admin: Signed;
let devops: Signed;
let viewer: Signed;
let stranger: Signed;

beforeAll(async () => {
  app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
  const people = new People(app);
  acme = await app.addOrganization('acme');
  const other = await app.addOrganization('other');
  const home = await people.defaultOrganization();
  platform = await people.signIn(await people.add({ [home]: 'admin' }));
  admin = await people.signIn(await people.add({ [acme]: 'admin' }, { name: 'Grace' }));
  devops = await people.signIn(await people.add({ [acme]: 'devops' }));
  viewer = await people.signIn(await people.add({ [acme]: 'viewer' }));
  stranger = await people.signIn(await people.add({ [other]: 'admin' }));
  mirror = await addMirror('acme-mirror', acme);
  shared = await addMirror('shared-mirror', null);
});

afterAll(() => app.stop());

async function addMirror(name: string, organizationId: string | null): Promise<string> {
  const [row] = await app.query<{ id: string }>(
    `INSERT INTO mirrors (name, upstream_url, upstream_host, organization_id, is_enabled)
     VALUES ($1, 'https://registry.example.com', 'registry.example.com', $2, false) RETURNING id`,
    [name, organizationId],
  );
  return row!.id;
}

const ask = (who: Signed, json: object): Promise<Answer> => who(APPROVALS, { method: 'POST', json });
const review = (who: Signed, id: string, json: object): Promise<Answer> =>
  who(`${APPROVALS}/${id}/review`, { method: 'PUT', json });
const aNamespace = (): string => `ns-${randomUUID().slice(0, 8)}`;
const pending = async (more: object = {}): Promise<Shown> => {
  const answer = await ask(devops, { mirror_config_id: mirror, provider_namespace: aNamespace(), ...more });
  expect(answer.status, answer.body.toString()).toBe(201);
  return answer.json<Shown>();
};
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

describe('asking for an approval', () => {
  it('answers the request as the contract describes, names in lower case', async () => {
    const namespace = aNamespace();
    const answer = await ask(admin, {
      mirror_config_id: mirror.toUpperCase(),
      provider_namespace: namespace.toUpperCase(),
      provider_name: 'Widget',
      version: '1.0.0+b1',
      reason: 'we need it',
    });
    expect(answer.status, answer.body.toString()).toBe(201);
    const shown = answer.json<Shown>();
    expect(shown).toEqual({
      id: expect.any(String) as string,
      mirror_config_id: mirror,
      mirror_name: 'acme-mirror',
      organization_id: acme,
      provider_namespace: namespace,
      provider_name: 'widget',
      version: '1.0.0+b1',
      reason: 'we need it',
      status: 'pending',
      auto_approved: false,
      requested_by: expect.any(String) as string,
      requested_by_name: 'Grace',
      created_at: expect.any(String) as string,
      updated_at: expect.any(String) as string,
    });
    expect((await viewer(`${APPROVALS}/${shown.id}`)).json()).toEqual(shown);
  });

  it('is refused while the same is pending, and possible again after the answer', async () => {
    const same = { provider_namespace: aNamespace(), provider_name: 'widget' };
    const first = await pending(same);
    const again = await ask(devops, {
      mirror_config_id: mirror,
      provider_namespace: same.provider_namespace.toUpperCase(),
      provider_name: 'widget',
    });
    expect(again.status).toBe(409);
    expect(again.json()).toMatchObject({ code: 'mirror_approval_pending' });
    await pending({ provider_namespace: same.provider_namespace });
    await pending({ ...same, version: '1.0.0' });
    await review(admin, first.id, { status: 'rejected' });
    await pending(same);
  });

  it('has one winner when twenty ask at once', async () => {
    const body = { mirror_config_id: mirror, provider_namespace: aNamespace() };
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(devops, body)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(19);
  });

  it.each([
    [{ mirror_config_id: 'x' }, 400, 'Invalid mirror config ID'],
    [{ mirror_config_id: undefined }, 400, 'mirror_config_id'],
    [{ mirror_config_id: ABSENT }, 404, 'Mirror not found'],
    [{ provider_namespace: 'a b' }, 400, 'namespace'],
    [{ provider_namespace: '*' }, 400, 'namespace'],
    [{ provider_name: 'a_b' }, 400, 'type'],
    [{ version: '1.0.0' }, 400, 'A version needs a provider_name'],
    [{ provider_name: 'widget', version: 'v1' }, 400, 'version must be written as the upstream writes it'],
    [{ reason: 'x'.repeat(2001) }, 400, '2000'],
    [{ reason: 'a\0b' }, 400, 'NUL'],
  ])('refuses %j', async (more, status, sentence) => {
    const answer = await ask(devops, {
      mirror_config_id: mirror,
      provider_namespace: aNamespace(),
      ...more,
    });
    expect(answer.status).toBe(status);
    expect(answer.body.toString()).toContain(sentence);
  });

  it('needs mirrors:manage where the mirror is', async () => {
    const body = { mirror_config_id: mirror, provider_namespace: aNamespace() };
    expect((await ask(viewer, body)).status).toBe(403);
    expect((await ask(stranger, body)).status).toBe(404);
    expect((await ask(devops, { ...body, mirror_config_id: shared })).status).toBe(404);
    expect((await ask(platform, { ...body, mirror_config_id: shared })).status).toBe(201);
  });
});

describe('reviewing', () => {
  it('is recorded with both names of the notes, and an end', async () => {
    const { id } = await pending();
    const end = inDays(3);
    const answer = await review(admin, id, { status: 'approved', notes: 'for the test', expires_at: end });
    expect(answer.status, answer.body.toString()).toBe(200);
    expect(answer.json()).toMatchObject({
      status: 'approved',
      review_notes: 'for the test',
      reviewer_notes: 'for the test',
      reviewed_by: expect.any(String) as string,
      reviewed_by_name: 'Grace',
      reviewed_at: expect.any(String) as string,
      expires_at: end,
      auto_approved: false,
    });
    const records = await app.query(
      'SELECT action, metadata FROM audit_entries WHERE resource_id = $1 ORDER BY chain_seq',
      [id],
    );
    expect(records).toMatchObject([
      { action: `POST ${APPROVALS}`, metadata: { mirror: 'acme-mirror', after: { status: 'pending' } } },
      {
        action: `PUT ${APPROVALS}/:id/review`,
        metadata: {
          mirror: 'acme-mirror',
          before: { status: 'pending' },
          after: { status: 'approved', review_notes: 'for the test', expires_at: end },
        },
      },
    ]);
  });

  it('is the same a second time, and cannot be turned round', async () => {
    const { id } = await pending();
    const first = await review(admin, id, { status: 'approved', notes: 'yes' });
    const second = await review(admin, id, { status: 'approved' });
    expect([second.status, second.json()]).toEqual([200, first.json()]);
    const other = await review(admin, id, { status: 'rejected' });
    expect([other.status, other.json()]).toMatchObject([409, { code: 'mirror_approval_reviewed' }]);
    const longer = await review(admin, id, { status: 'approved', expires_at: inDays(9) });
    expect(longer.json()).toMatchObject({ review_notes: 'yes', expires_at: expect.any(String) as string });
    const cleared = (await review(admin, id, { status: 'approved', notes: null, expires_at: null })).json();
    expect(cleared).not.toHaveProperty('expires_at');
    expect(cleared).not.toHaveProperty('review_notes');
    expect(cleared).not.toHaveProperty('reviewer_notes');
  });

  it('has one result when both are sent at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id } = await pending();
      const statuses = ['approved', 'rejected', 'approved', 'rejected'];
      const answers = await Promise.all(statuses.map((status) => review(admin, id, { status })));
      const result = (await admin(`${APPROVALS}/${id}`)).json()['status'];
      expect(answers.map((answer) => answer.status)).toEqual(
        statuses.map((status) => (status === result ? 200 : 409)),
      );
    }
  });

  it('rejects without an end', async () => {
    const { id } = await pending();
    const answer = await review(admin, id, { status: 'rejected', expires_at: inDays(1) });
    expect(answer.json()).toMatchObject({ status: 'rejected' });
    expect(answer.json()).not.toHaveProperty('expires_at');
  });

  it.each([
    [{ status: 'pending' }, "Status must be 'approved' or 'rejected'"],
    [{}, "Status must be 'approved' or 'rejected'"],
    [{ status: 'approved', expires_at: 'tomorrow' }, 'expires_at must be a time'],
    [{ status: 'approved', expires_at: '2030-W01-1' }, 'expires_at must be a time'],
    [{ status: 'approved', expires_at: '2030-02-31T00:00:00Z' }, 'expires_at must be a time'],
    [{ status: 'approved', expires_at: '2030-01-01T00:00:60Z' }, 'expires_at must be a time'],
    [{ status: 'approved', expires_at: '2020-01-01T00:00:00Z' }, 'expires_at must be in the future'],
    [{ status: 'approved', notes: 'x'.repeat(2001) }, '2000'],
  ])('refuses %j', async (body, sentence) => {
    const { id } = await pending();
    const answer = await review(admin, id, body);
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain(sentence);
    expect((await admin(`${APPROVALS}/${id}`)).json()).toMatchObject({ status: 'pending' });
  });

  it('is for administrators of the organization of the mirror', async () => {
    const { id } = await pending();
    expect((await review(devops, id, { status: 'approved' })).status).toBe(403);
    const told = ({ status, json }: Answer) => ({ status, ...json(), request_id: '' });
    const foreign = await review(stranger, id, { status: 'approved' });
    expect(foreign.status).toBe(404);
    expect(told(foreign)).toEqual(told(await review(stranger, ABSENT, { status: 'approved' })));
    expect((await review(admin, 'x', { status: 'approved' })).json()).toMatchObject({
      error: 'Invalid approval ID',
    });
    expect((await review(platform, id, { status: 'approved' })).status).toBe(200);
  });
});

describe('lists of requests', () => {
  it('are newest first, of mirrors that the caller sees, by organization and status', async () => {
    const first = await pending();
    const second = await pending();
    await review(admin, first.id, { status: 'approved' });
    const idsOf = async (who: Signed, query = ''): Promise<string[]> => {
      const answer = await who(`${APPROVALS}${query}`);
      expect(answer.status).toBe(200);
      return answer.json<Shown[]>().map(({ id }) => id);
    };
    const seen = await idsOf(viewer);
    expect(seen.slice(0, 2)).toEqual([second.id, first.id]);
    expect(await idsOf(viewer, '?status=pending')).toContain(second.id);
    expect(await idsOf(viewer, '?status=pending')).not.toContain(first.id);
    expect(await idsOf(viewer, `?organization_id=${acme}&status=approved`)).toContain(first.id);
    expect(await idsOf(viewer, `?organization_id=${ABSENT}`)).toEqual([]);
    expect(await idsOf(stranger)).toEqual([]);
    expect(await idsOf(stranger, `?organization_id=${acme}`)).toEqual([]);
    expect((await idsOf(platform)).length).toBeGreaterThan(seen.length);
    expect((await viewer(`${APPROVALS}?status=maybe`)).status).toBe(400);
    expect((await viewer(`${APPROVALS}?organization_id=x`)).status).toBe(400);
    expect((await stranger(`${APPROVALS}/${first.id}`)).status).toBe(404);
    expect((await viewer(`${APPROVALS}/x`)).status).toBe(400);
  });
});

describe('letting a version through its cool-down', () => {
  const path = (): string => `/api/v1/admin/mirrors/${mirror}/versions/release`;
  const wanted = { namespace: 'Acme', provider_name: 'cooling', version: '1.0.0', reason: 'a fix we need' };
  const seen = async (): Promise<void> => {
    await app.query(
      `WITH provider AS (
         INSERT INTO mirrored_providers (mirror_id, upstream_host, namespace, provider_type)
         VALUES ($1, 'registry.example.com', 'acme', 'cooling') RETURNING id)
       INSERT INTO mirrored_versions (mirrored_provider_id, upstream_version) SELECT id, '1.0.0' FROM provider`,
      [mirror],
    );
  };

  it('is done once, by an administrator, for a version that was seen', async () => {
    expect((await admin(path(), { method: 'POST', json: wanted })).status).toBe(404);
    await seen();
    expect((await devops(path(), { method: 'POST', json: wanted })).status).toBe(403);
    expect((await stranger(path(), { method: 'POST', json: wanted })).status).toBe(404);
    const answer = await admin(path(), { method: 'POST', json: wanted });
    expect(answer.status, answer.body.toString()).toBe(200);
    expect(answer.json()).toMatchObject({ provider_name: 'cooling', version: '1.0.0' });
    const again = await admin(path(), { method: 'POST', json: wanted });
    expect([again.status, again.json()]).toEqual([200, answer.json()]);
    const records = await app.query(
      `SELECT metadata FROM audit_entries WHERE resource_id = $1 AND action LIKE '%release'`,
      [mirror],
    );
    expect(records).toMatchObject([{ metadata: { version: '1.0.0', reason: 'a fix we need' } }]);
  });

  it('needs a reason', async () => {
    const answer = await admin(path(), { method: 'POST', json: { ...wanted, reason: '' } });
    expect(answer.status).toBe(400);
  });
});
