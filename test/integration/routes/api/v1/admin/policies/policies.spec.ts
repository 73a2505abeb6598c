import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../../../../../support/http-request.js';
import { TestApp } from '../../../../../../support/test-app.js';
import { People, type Signed } from '../../../../support/people.js';

const POLICIES = '/api/v1/admin/policies';
const ABSENT = '00000000-0000-4000-8000-000000000000';

interface Shown {
  id: string;
  name: string;
  [field: string]: unknown;
}

let app: TestApp;
let acme: string;
let other: string;
let platform: Signed;
let admin: Signed;
let viewer: Signed;
let stranger: Signed;

beforeAll(async () => {
  app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
  const people = new People(app);
  acme = await app.addOrganization('acme');
  other = await app.addOrganization('other');
  const home = await people.defaultOrganization();
  platform = await people.signIn(await people.add({ [home]: 'admin' }));
  admin = await people.signIn(await people.add({ [acme]: 'admin' }, { name: 'Grace' }));
  viewer = await people.signIn(await people.add({ [acme]: 'viewer' }));
  stranger = await people.signIn(await people.add({ [other]: 'admin' }));
});

afterAll(() => app.stop());

const post = (who: Signed, json: object, path = POLICIES): Promise<Answer> =>
  who(path, { method: 'POST', json });
const put = (who: Signed, id: string, json: object): Promise<Answer> =>
  who(`${POLICIES}/${id}`, { method: 'PUT', json });
const remove = (who: Signed, id: string): Promise<Answer> => who(`${POLICIES}/${id}`, { method: 'DELETE' });
const added = async (who: Signed, more: object): Promise<Shown> => {
  const answer = await post(who, { policy_type: 'allow', ...more });
  expect(answer.status, answer.body.toString()).toBe(201);
  return answer.json<Shown>();
};
const namesSeenBy = async (who: Signed, query = ''): Promise<string[]> =>
  (await who(`${POLICIES}${query}`)).json<Shown[]>().map(({ name }) => name);

describe('the policies that exist from the start', () => {
  it('are three global ones, in the order in which they are asked', async () => {
    const shown = (await viewer(POLICIES)).json<Shown[]>().filter(({ name }) => name.startsWith('default-'));
    expect(shown).toMatchObject([
      {
        name: 'default-allow-hashicorp',
        policy_type: 'allow',
        upstream_registry: 'registry.terraform.io',
        namespace_pattern: 'hashicorp',
        provider_pattern: '*',
        priority: 100,
        is_active: true,
        requires_approval: false,
      },
      { name: 'default-require-approval-other', priority: 0, requires_approval: true },
      { name: 'default-require-approval-any', priority: -100, requires_approval: true },
    ]);
    expect(shown.filter((one) => 'organization_id' in one || 'created_by' in one)).toEqual([]);
    expect(shown[2]).not.toHaveProperty('upstream_registry');
  });
});

describe('adding a policy', () => {
  it('answers it as the contract describes', async () => {
    const shown = await added(admin, {
      name: 'own-rule',
      policy_type: 'deny',
      organization_id: acme,
      description: 'not here',
      upstream_registry: 'https://Registry.Example.com/',
      namespace_pattern: 'evil*',
      provider_pattern: '',
      priority: 7,
      requires_approval: true,
    });
    expect(shown).toEqual({
      id: expect.any(String) as string,
      organization_id: acme,
      organization_name: 'acme',
      name: 'own-rule',
      description: 'not here',
      policy_type: 'deny',
      upstream_registry: 'https://Registry.Example.com/',
      namespace_pattern: 'evil*',
      priority: 7,
      is_active: true,
      requires_approval: true,
      created_at: expect.any(String) as string,
      updated_at: expect.any(String) as string,
      created_by: expect.any(String) as string,
      created_by_name: 'Grace',
    });
    expect((await viewer(`${POLICIES}/${shown.id}`)).json()).toEqual(shown);
  });

  it.each([
    [{ policy_type: 'maybe' }, "Policy type must be 'allow' or 'deny'"],
    [{ policy_type: undefined }, "Policy type must be 'allow' or 'deny'"],
    [{ name: '   ' }, 'name must not be blank'],
    [{ name: 'a\0b' }, 'NUL'],
    [{ description: 'a\0b' }, 'NUL'],
    [{ name: 'x'.repeat(256) }, 'shorter than or equal to 255'],
    [{ upstream_registry: 'no host' }, 'Invalid upstream registry'],
    [{ namespace_pattern: 'a.b' }, 'Invalid namespace pattern'],
    [{ provider_pattern: '(a+)+$' }, 'Invalid provider pattern'],
    [{ provider_pattern: 'a'.repeat(65) }, '64'],
    [{ priority: 1.5 }, 'priority must be an integer'],
    [{ priority: 1_000_001 }, '1000000'],
    [{ priority: -1_000_001 }, '-1000000'],
    [{ is_active: 'yes' }, 'is_active must be a boolean'],
    [{ organization_id: 'acme' }, 'Invalid organization ID'],
  ])('refuses %j', async (more, sentence) => {
    const answer = await post(platform, { name: 'refused', policy_type: 'allow', ...more });
    expect(answer.status, answer.body.toString()).toBe(400);
    const { error, fields } = answer.json<{ error: string; fields?: object }>();
    expect(`${error} ${JSON.stringify(fields)}`).toContain(sentence);
    expect(await namesSeenBy(platform)).not.toContain('refused');
  });

  it('takes priorities up to the limit', async () => {
    for (const priority of [1_000_000, -1_000_000]) {
      const { id } = await added(platform, { name: `at ${priority}`, priority, is_active: false });
      expect((await remove(platform, id)).status).toBe(200);
    }
  });

  it('takes a name once in each scope, in any case', async () => {
    await added(admin, { name: 'Twice', organization_id: acme, is_active: false });
    const again = await post(admin, { name: 'twice', policy_type: 'deny', organization_id: acme });
    expect(again.status).toBe(409);
    expect(again.json()).toMatchObject({ code: 'mirror_policy_name_taken' });
    await added(stranger, { name: 'twice', organization_id: other });
    const global = await added(platform, { name: 'twice', is_active: false });
    expect((await post(platform, { name: 'TWICE', policy_type: 'deny' })).status).toBe(409);
    expect((await put(platform, global.id, { name: 'default-allow-hashicorp' })).status).toBe(409);
    expect((await put(platform, global.id, { name: 'Twice' })).status).toBe(200);
  });
});

describe('who decides about policies', () => {
  it('is an administrator of the organization, and for global ones of the platform', async () => {
    expect((await post(admin, { name: 'g', policy_type: 'deny' })).status).toBe(403);
    expect((await post(viewer, { name: 'g', policy_type: 'deny', organization_id: acme })).status).toBe(403);
    const [global] = (await admin(POLICIES)).json<Shown[]>().filter((one) => one.name.startsWith('default-'));
    expect((await put(admin, global!.id, { is_active: false })).status).toBe(403);
    expect((await remove(admin, global!.id)).status).toBe(403);
    const own = await added(platform, {
      name: 'by the platform',
      organization_id: acme,
      is_active: false,
    });
    expect((await put(admin, own.id, { priority: 3 })).json()).toMatchObject({ priority: 3 });
    expect((await put(viewer, own.id, { priority: 4 })).status).toBe(403);
    expect((await remove(viewer, own.id)).status).toBe(403);
  });

  it('shows policies of others like those that do not exist', async () => {
    const { id } = await added(admin, { name: 'private', organization_id: acme, is_active: false });
    for (const [foreign, absent] of [
      [await stranger(`${POLICIES}/${id}`), await stranger(`${POLICIES}/${ABSENT}`)],
      [await put(stranger, id, { priority: 1 }), await put(stranger, ABSENT, { priority: 1 })],
      [await remove(stranger, id), await remove(stranger, ABSENT)],
      [
        await post(stranger, { name: 'x', policy_type: 'deny', organization_id: acme }),
        await post(stranger, { name: 'x', policy_type: 'deny', organization_id: ABSENT }),
      ],
    ] as const) {
      const told = ({ status, json }: Answer) => ({ status, ...json(), request_id: '' });
      expect(foreign.status).toBe(404);
      expect(told(foreign)).toEqual(told(absent));
    }
    expect(await namesSeenBy(stranger)).not.toContain('private');
    expect(await namesSeenBy(stranger, `?organization_id=${acme}`)).toEqual(
      await namesSeenBy(stranger, `?organization_id=${ABSENT}`),
    );
  });

  it('asks for ids that are ids', async () => {
    expect((await admin(`${POLICIES}/x`)).json()).toMatchObject({ error: 'Invalid policy ID' });
    expect((await admin(`${POLICIES}?organization_id=x`)).status).toBe(400);
    expect((await remove(platform, ABSENT)).status).toBe(404);
  });
});

describe('changing a policy', () => {
  it('changes what is sent, clears with null and empty text, and is recorded', async () => {
    const policy = await added(admin, {
      name: 'changing',
      organization_id: acme,
      description: 'a',
      namespace_pattern: 'x',
      provider_pattern: 'y',
      upstream_registry: 'registry.example.com',
    });
    const answer = await put(admin, policy.id, {
      organization_id: other,
      description: null,
      namespace_pattern: '',
      requires_approval: true,
    });
    expect(answer.status).toBe(200);
    const { description, namespace_pattern, updated_at, ...rest } = policy;
    expect([description, namespace_pattern, typeof updated_at]).toEqual(['a', 'x', 'string']);
    expect(answer.json()).toEqual({
      ...rest,
      requires_approval: true,
      updated_at: expect.any(String) as string,
    });
    expect((await put(admin, policy.id, { namespace_pattern: 'a b' })).status).toBe(400);
    expect((await remove(admin, policy.id)).json()).toEqual({ message: 'Policy deleted successfully' });
    expect((await admin(`${POLICIES}/${policy.id}`)).status).toBe(404);
    const records = await app.query<{ action: string; metadata: { before?: object; after?: object } }>(
      `SELECT action, metadata FROM audit_entries WHERE resource_id = $1 ORDER BY chain_seq`,
      [policy.id],
    );
    expect(records).toMatchObject([
      { action: `POST ${POLICIES}`, metadata: { after: { name: 'changing', namespace_pattern: 'x' } } },
      {
        metadata: {
          before: { namespace_pattern: 'x', requires_approval: false },
          after: { namespace_pattern: null, requires_approval: true },
        },
      },
      { metadata: { before: { name: 'changing' } } },
    ]);
  });
});

describe('an organization that goes', () => {
  it('takes its policies along', async () => {
    const gone = await app.addOrganization('gone');
    const { id } = await added(platform, { name: 'goes too', organization_id: gone });
    const answer = await platform(`/api/v1/organizations/${gone}`, { method: 'DELETE' });
    expect(answer.status, answer.body.toString()).toBe(200);
    expect((await platform(`${POLICIES}/${id}`)).status).toBe(404);
  });
});

describe('evaluating', () => {
  const evaluate = async (who: Signed, provider: string, query = ''): Promise<Shown> => {
    const body = { registry: 'registry.example.com', namespace: 'eval', provider };
    const answer = await post(who, body, `${POLICIES}/evaluate${query}`);
    expect(answer.status, answer.body.toString()).toBe(200);
    return answer.json<Shown>();
  };

  it('names the policy that decides, shows it, and says why', async () => {
    const denied = await added(admin, {
      name: 'no-one',
      policy_type: 'deny',
      organization_id: acme,
      namespace_pattern: 'EVAL',
      provider_pattern: 'on?',
    });
    await added(admin, {
      name: 'all-of-eval',
      organization_id: acme,
      namespace_pattern: 'eval',
      upstream_registry: 'https://registry.example.com',
    });
    const of = `?organization_id=${acme}`;
    expect(await evaluate(viewer, 'one', of)).toEqual({
      allowed: false,
      requires_approval: false,
      matched_policy: 'no-one',
      matched_policy_detail: denied,
      reason: 'Denied by policy: no-one',
    });
    expect(await evaluate(viewer, 'two', of)).toMatchObject({
      allowed: true,
      requires_approval: false,
      reason: 'Allowed by policy: all-of-eval',
    });
    for (const query of ['', `?organization_id=${ABSENT}`]) {
      expect(await evaluate(viewer, 'one', query)).toMatchObject({
        allowed: true,
        requires_approval: true,
        matched_policy: 'default-require-approval-any',
      });
    }
    expect(await evaluate(stranger, 'one', of)).toEqual(await evaluate(stranger, 'one'));
  });

  it('denies without a match', async () => {
    const any = (await platform(POLICIES)).json<Shown[]>().find(({ name }) => name.endsWith('-any'))!;
    await put(platform, any.id, { is_active: false });
    expect(await evaluate(viewer, 'one')).toEqual({
      allowed: false,
      requires_approval: false,
      reason: 'No matching policy found',
    });
    await put(platform, any.id, { is_active: true });
  });

  it('asks for a registry that is one', async () => {
    const body = { registry: 'not a host', namespace: 'a', provider: 'b' };
    const answer = await post(viewer, body, `${POLICIES}/evaluate`);
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({
      error: 'registry must be a host name, e.g. registry.terraform.io',
    });
    expect((await post(viewer, {}, `${POLICIES}/evaluate`)).status).toBe(400);
  });
});
