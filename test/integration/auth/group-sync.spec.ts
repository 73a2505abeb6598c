import { randomInt, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SyncGroupsJob } from '../../../src/auth/jobs/sync-groups.job.js';
import { SealedColumns } from '../../../src/platform/crypto/sealed-columns.service.js';
import { RequestContext } from '../../../src/platform/request-context/request-context.js';
import { Browser } from '../../support/browser.js';
import { CertifiedIdentityProvider } from '../../support/fakes/identity-provider.js';
import { LyingIdentityProvider } from '../../support/fakes/identity-provider-liar.js';
import { TestApp } from '../../support/test-app.js';
import {
  CALLBACK,
  CLIENT_ID,
  CLIENT_SECRET,
  oidcSettings,
  rolesOf,
  signIn,
  toldBy,
  whoIs,
} from './support/sign-in.js';

const MAPPINGS = [
  { group: 'platform', organization: 'default', role: 'publisher' },
  { group: 'readers', organization: 'team', role: 'viewer' },
  { group: 'writers', organization: 'team', role: 'member' },
];
const GROUPS = ['platform', 'readers', 'writers', 'strangers'];

/** So long that no run of the schedule falls into a test; a session is due after two thirds of it. */
const SETTINGS = {
  TFR_AUTH_GROUP_SYNC_INTERVAL: '6d',
  TFR_AUTH_OIDC_SCOPES: 'openid,email,profile,groups',
  TFR_AUTH_OIDC_GROUP_CLAIM_NAME: 'groups',
  TFR_AUTH_OIDC_GROUP_MAPPINGS: JSON.stringify(MAPPINGS),
  TFR_LOGGING_LEVEL: 'info',
};

/** A browser that is signed in, and its handle. */
interface SignedIn {
  readonly browser: Browser;
  readonly token: string | undefined;
}

/** What the mapping says, in other words than the code. */
function mapping(groups: readonly string[]): Record<string, string> {
  const team = groups.includes('writers') ? 'member' : groups.includes('readers') ? 'viewer' : undefined;
  return {
    ...(groups.includes('platform') && { default: 'publisher' }),
    ...(team !== undefined && { team }),
  };
}

const sync = (app: TestApp) => {
  const job = app.get(SyncGroupsJob);
  return RequestContext.runAs('JOB', job.name, () => job.run({}, new AbortController().signal));
};
const due = (app: TestApp, since = '4 days') =>
  app.query(`UPDATE sessions SET groups_asked_at = now() - $1::interval`, [since]);
/** Of all processes together: in one process of the tests they share a logger. */
const warnings = (...apps: TestApp[]) =>
  apps.flatMap((app) => app.logged()).filter((line) => line.includes('could not be read again')).length;

describe('the roles of people who are signed in (B15)', () => {
  let provider: CertifiedIdentityProvider;
  let app: TestApp;
  let replica: TestApp;

  beforeAll(async () => {
    provider = await CertifiedIdentityProvider.start({
      id: CLIENT_ID,
      secret: CLIENT_SECRET,
      redirectUri: CALLBACK,
      postLogoutUri: 'http://registry.test/',
      isRenewed: true,
    });
    app = await TestApp.start(oidcSettings(provider.issuer, SETTINGS));
    replica = await app.another();
    await app.addOrganization('team');
  });
  afterEach(async () => {
    provider.isDown = false;
    await app.query('DELETE FROM sessions');
  });
  afterAll(async () => {
    await replica?.stop();
    await app?.stop();
    await provider?.stop();
  });

  const setGroups = (name: string, groups: readonly string[]) =>
    provider.accounts.set(name, { email: emailOf(name), email_verified: true, name, groups });
  const emailOf = (name: string) => `${name}@example.com`;

  async function arrive(name: string, groups: readonly string[]): Promise<SignedIn> {
    setGroups(name, groups);
    provider.signsIn = name;
    const browser = new Browser(app.url);
    const { token } = await signIn(browser);
    expect(await whoIs(browser, token)).toBe(emailOf(name));
    return { browser, token };
  }

  it('are what the mapping says after any sequence of groups, without a new sign-in', async () => {
    const people = ['ada', 'grace', 'edith'];
    for (const name of people) await arrive(name, []);
    const begun = await app.query<{ id: string }>('SELECT id FROM sessions ORDER BY id');
    const chosen: string[][] = [];
    for (let round = 0; round < 30; round += 1) {
      const groups = people.map(() => GROUPS.filter(() => randomInt(2) === 1));
      chosen.push(groups.map((list) => list.join('+')));
      for (const [index, name] of people.entries()) setGroups(name, groups[index]!);
      await due(app);
      await sync(round % 2 === 0 ? app : replica);
      for (const [index, name] of people.entries()) {
        expect(await rolesOf(app, emailOf(name)), JSON.stringify(chosen)).toEqual(mapping(groups[index]!));
      }
    }
    expect(await app.query('SELECT id FROM sessions ORDER BY id')).toEqual(begun);
    expect(warnings(app, replica)).toBe(0);
  });

  it('follow only when their time has come, and not again at once', async () => {
    await arrive('hedy', ['platform']);
    setGroups('hedy', []);
    const before = provider.renewals.granted;
    await due(app, '3 days 23 hours 59 minutes 50 seconds');
    await sync(app);
    expect(provider.renewals.granted).toBe(before);
    await due(app);
    await sync(app);
    await sync(app);
    expect(provider.renewals.granted).toBe(before + 1);
    expect(await rolesOf(app, emailOf('hedy'))).toEqual({});
  });

  it('leave those alone that were given by hand', async () => {
    await arrive('radia', ['platform', 'readers']);
    await app.query(
      `UPDATE memberships SET source = 'manual' WHERE user_id = (SELECT id FROM users WHERE email = $1)
       AND organization_id = (SELECT id FROM organizations WHERE name = 'team')`,
      [emailOf('radia')],
    );
    setGroups('radia', []);
    await due(app);
    await sync(app);
    expect(await rolesOf(app, emailOf('radia'))).toEqual({ team: 'viewer!' });
  });

  it('stay as they are while the provider does not answer, and follow when it does again', async () => {
    const signedIn: SignedIn[] = [];
    for (let count = 0; count < 12; count += 1)
      signedIn.push(await arrive('barbara', ['platform', 'readers']));
    setGroups('barbara', ['writers']);
    provider.isDown = true;
    const warned = warnings(app, replica);
    await due(app);
    await sync(app);
    expect(await rolesOf(app, emailOf('barbara'))).toEqual({ default: 'publisher', team: 'viewer' });
    for (const { browser, token } of signedIn) expect(await whoIs(browser, token)).toBe(emailOf('barbara'));
    expect(warnings(app, replica)).toBe(warned + 1);
    provider.isDown = false;
    await due(app);
    await sync(app);
    expect(await rolesOf(app, emailOf('barbara'))).toEqual({ team: 'member' });
  });

  it('end with the session when the provider does not renew it, in every process and on record', async () => {
    const closed = await arrive('joan', ['platform']);
    const other = await arrive('vera', ['platform']);
    provider.closed.add('joan');
    await due(app);
    await sync(app);
    expect(await whoIs(closed.browser, closed.token)).toBeUndefined();
    closed.browser.useProcess(replica.url);
    await expect.poll(() => whoIs(closed.browser, closed.token), { timeout: 10_000 }).toBeUndefined();
    expect(await whoIs(other.browser, other.token)).toBe(emailOf('vera'));
    const records = await app.query(
      `SELECT a.action, a.actor_kind FROM audit_entries a
       JOIN users u ON u.id::text = a.metadata->'before'->>'user_id'
       WHERE a.resource_type = 'session' AND u.email = $1`,
      [emailOf('joan')],
    );
    expect(records).toEqual([{ action: 'JOB sync-groups', actor_kind: 'job' }]);
  });

  it('are asked about once, however many processes come at once; a token that came twice would end them', async () => {
    for (let count = 0; count < 24; count += 1) await arrive(`person-${count}`, ['platform']);
    for (let count = 0; count < 24; count += 1) setGroups(`person-${count}`, ['writers']);
    const before = { ...provider.renewals };
    await due(app);
    await Promise.all([sync(app), sync(replica), sync(app), sync(replica)]);
    expect(provider.renewals).toEqual({ granted: before.granted + 24, refused: before.refused });
    expect(await app.query('SELECT 1 FROM sessions')).toHaveLength(24);
    for (let count = 0; count < 24; count += 1) {
      expect(await rolesOf(app, emailOf(`person-${count}`))).toEqual({ team: 'member' });
    }
  });

  it.each([
    ['ended by itself', `UPDATE sessions SET expires_at = now()`],
    ['was not used for long', `UPDATE sessions SET last_used_at = now() - interval '9 hours'`],
    ['belongs to a disabled account', `UPDATE users SET is_active = false WHERE email LIKE 'out-%'`],
    [
      'began with a provider that is not used any more',
      `UPDATE sessions SET identity_id = '${randomUUID()}'`,
    ],
    ['began without a refresh token', `UPDATE sessions SET refresh_token = NULL`],
  ])('are not asked about when the session %s', async (name, change) => {
    await arrive(`out-${name.replaceAll(' ', '-')}`, ['platform']);
    const before = { ...provider.renewals };
    await due(app);
    await app.query(change);
    await sync(app);
    expect(provider.renewals).toEqual(before);
  });

  it('are asked about with a token that is sealed, and sealed again with the others', async () => {
    await arrive('annie', []);
    const [row] = await app.query<{ token: Buffer }>('SELECT refresh_token AS token FROM sessions');
    expect(row!.token.subarray(0, 1)).toEqual(Buffer.of(1));
    expect(row!.token.toString('latin1')).not.toMatch(/[\w-]{30}/);
    expect(app.get(SealedColumns).names()).toContain('sessions.refresh_token');
  });

  it('come by schedule, in one job for all processes', async () => {
    const jobs = await app.query(`SELECT task_identifier AS task FROM graphile_worker.jobs WHERE key = $1`, [
      'tick:sync-groups',
    ]);
    expect(jobs).toEqual([{ task: 'sync-groups' }]);
  });

  it('do not follow when that is off; then nothing is kept for it', async () => {
    const off = await TestApp.start(
      oidcSettings(provider.issuer, { ...SETTINGS, TFR_AUTH_GROUP_SYNC_INTERVAL: '0' }),
    );
    try {
      setGroups('lin', ['platform']);
      provider.signsIn = 'lin';
      const browser = new Browser(off.url);
      await signIn(browser);
      expect(await off.query('SELECT refresh_token FROM sessions')).toEqual([{ refresh_token: null }]);
      const jobs = await off.query(`SELECT 1 FROM graphile_worker.jobs WHERE key = 'tick:sync-groups'`);
      expect(jobs).toEqual([]);
      await sync(off);
    } finally {
      await off.stop();
    }
  });
});

describe('a provider that renews sign-ins otherwise than it should', () => {
  const TENANT = randomUUID();
  let generic: LyingIdentityProvider;
  let entra: LyingIdentityProvider;
  let app: TestApp;

  beforeAll(async () => {
    generic = await LyingIdentityProvider.start(CLIENT_ID);
    entra = await LyingIdentityProvider.start(CLIENT_ID, `/${TENANT}/v2.0`);
    generic.isRenewed = entra.isRenewed = true;
    app = await TestApp.start(
      oidcSettings(generic.issuer, {
        ...SETTINGS,
        TFR_AUTH_AZURE_AD_ENABLED: 'true',
        TFR_AUTH_AZURE_AD_TENANT_ID: TENANT,
        TFR_AUTH_AZURE_AD_CLIENT_ID: CLIENT_ID,
        TFR_AUTH_AZURE_AD_CLIENT_SECRET: CLIENT_SECRET,
        TFR_AUTH_AZURE_AD_AUTHORITY_URL: entra.origin,
        TFR_AUTH_AZURE_AD_SCOPES: 'openid,email,profile,offline_access',
        TFR_AUTH_OIDC_TRUSTED_EMAIL_DOMAINS: 'example.com',
      }),
    );
    await app.addOrganization('team');
  });
  afterEach(async () => {
    generic.lies = entra.lies = {};
    await app.query('DELETE FROM sessions');
  });
  afterAll(async () => {
    await app?.stop();
    await Promise.all([generic?.stop(), entra?.stop()]);
  });

  const email = 'ada@example.com';

  async function arrive(provider: LyingIdentityProvider, groups: readonly string[]): Promise<void> {
    const isEntra = provider === entra;
    provider.person = { sub: isEntra ? 'pairwise' : 'ada', email, groups, ...(isEntra && { tid: TENANT }) };
    if (!isEntra) provider.person['email_verified'] = true;
    await app.query(`UPDATE users SET oidc_sub = NULL, oidc_issuer = NULL`);
    const browser = new Browser(app.url);
    const start = await browser.open(`/api/v1/auth/login?provider=${isEntra ? 'azuread' : 'oidc'}`);
    const location = String(start.headers.location);
    if (isEntra) expect(new URL(location).searchParams.get('scope')).toContain('offline_access');
    const answer = provider.authorize(location);
    expect(toldBy(await browser.open(`/api/v1/auth/callback?${answer}`)).token).toBeDefined();
  }

  /** The roles and the number of sessions afterwards. */
  async function renewed(): Promise<[Record<string, string>, number]> {
    await due(app);
    await sync(app);
    return [await rolesOf(app, email), (await app.query('SELECT 1 FROM sessions')).length];
  }

  it('gives the groups of the identity token, and of the user info where that has none', async () => {
    await arrive(generic, ['platform']);
    generic.person['groups'] = ['writers'];
    expect(await renewed()).toEqual([{ team: 'member' }, 1]);
    const { groups: _, ...person } = generic.person;
    generic.person = person;
    generic.lies.userInfo = { ...person, groups: ['readers'] };
    expect(await renewed()).toEqual([{ team: 'viewer' }, 1]);
    generic.lies.token = ({ id_token: _token, ...answer }) => answer;
    generic.lies.userInfo = { ...person, groups: ['platform'] };
    expect(await renewed()).toEqual([{ default: 'publisher' }, 1]);
  });

  it('ends the session when it does not renew it, or speaks of somebody else', async () => {
    await arrive(generic, ['platform']);
    generic.lies.claims = (claims) => ({ ...claims, sub: 'mallory', groups: ['writers'] });
    expect(await renewed()).toEqual([{ default: 'publisher' }, 0]);
    generic.lies = {};
    for (const error of ['invalid_grant', 'interaction_required', 'login_required', 'consent_required']) {
      await arrive(generic, ['platform']);
      generic.lies.answers = { token: answering(400, { error }) };
      expect([error, ...(await renewed())]).toEqual([error, { default: 'publisher' }, 0]);
      generic.lies = {};
    }
  });

  it('changes nothing with an answer that says nothing about the person', async () => {
    await arrive(generic, ['platform']);
    const lies: LyingIdentityProvider['lies'][] = [
      { answers: { token: answering(401, { error: 'invalid_client' }) } },
      { answers: { token: answering(400, { error: 'invalid_scope' }) } },
      { answers: { token: answering(503, {}) } },
      { answers: { token: answering(200, { access_token: 'x' }) } },
      { idToken: (_claims, honest) => `${honest.slice(0, -4)}AAAA` },
      { claims: (claims) => ({ ...claims, aud: 'somebody-else' }) },
      { claims: (claims) => ({ ...claims, exp: 1 }) },
      { claims: (claims) => ({ ...claims, azp: 'somebody-else' }) },
      { claims: ({ groups: _groups, ...rest }) => rest, answers: { userinfo: answering(500, {}) } },
      {
        token: ({ id_token: _token, ...rest }) => rest,
        userInfo: { sub: 'mallory', groups: ['writers'] },
      },
    ];
    for (const [index, lie] of lies.entries()) {
      generic.lies = lie;
      const warned = warnings(app);
      expect([index, ...(await renewed())]).toEqual([index, { default: 'publisher' }, 1]);
      expect([index, warnings(app)]).toEqual([index, warned + 1]);
      await app.query('DELETE FROM sessions');
      generic.lies = {};
      await arrive(generic, ['platform']);
    }
  });

  it('is Azure AD: the token tells the groups, and too many of them are none', async () => {
    await arrive(entra, ['platform']);
    entra.person['groups'] = ['writers'];
    expect(await renewed()).toEqual([{ team: 'member' }, 1]);
    entra.lies.claims = ({ groups: _groups, ...claims }) => ({ ...claims, _claim_names: { groups: 'src1' } });
    expect(await renewed()).toEqual([{}, 1]);
    entra.lies = {};
    expect(await renewed()).toEqual([{ team: 'member' }, 1]);
    entra.lies.claims = (claims) => ({ ...claims, tid: randomUUID() });
    expect(await renewed()).toEqual([{ team: 'member' }, 1]);
  });

  it('is Azure AD without an identity token, which tells nothing', async () => {
    await arrive(entra, ['platform']);
    entra.lies.token = ({ id_token: _token, ...rest }) => rest;
    expect(await renewed()).toEqual([{ default: 'publisher' }, 1]);
  });
});

function answering(status: number, body: Record<string, unknown>) {
  return (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}
