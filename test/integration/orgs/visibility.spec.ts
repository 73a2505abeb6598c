import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aModule, moduleApiPath, moduleProtocolPath } from '../../support/factories/module.factory.js';
import {
  aProvider,
  providerApiPath,
  providerProtocolPath,
} from '../../support/factories/provider.factory.js';
import type { Answer } from '../../support/http-request.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from '../auth/support/browser.js';
import { comparable } from '../routes/support/expectations.js';

type Visibility = 'private' | 'public' | null;

/** Every way to read what is in a namespace, in both forms; `%` stands for the namespace. */
const module = aModule({ namespace: '%', name: 'vpc' });
const provider = aProvider({ namespace: '%', type: 'cloud' });
const READS = [
  `${moduleProtocolPath(module)}/versions`,
  `${moduleProtocolPath(module)}/1.0.0/download`,
  `${moduleProtocolPath(module)}/9.9.9/download`,
  moduleApiPath(module),
  `${providerProtocolPath(provider)}/versions`,
  `${providerProtocolPath(provider)}/1.0.0/download/linux/amd64`,
  providerApiPath(provider),
  '/api/v1/namespaces/%/signing-keys',
].flatMap((path) => [true, false].map((lean) => ({ path, lean })));

const WRITES: { path: string; method: string; json?: object }[] = [
  { path: moduleApiPath(module), method: 'DELETE' },
  { path: `${moduleApiPath(module)}/versions/1.0.0/deprecate`, method: 'POST', json: {} },
  { path: providerApiPath(provider), method: 'DELETE' },
  {
    path: '/api/v1/admin/modules/create',
    method: 'POST',
    json: { namespace: '%', name: 'x', system: 'aws' },
  },
];

/** What is left of an answer when the name of the namespace is gone from it too. */
const withoutName = (answer: Answer, namespace: string): string =>
  JSON.stringify(comparable(answer)).replaceAll(namespace, '%');

describe.each([
  ['an open server', true],
  ['a private server', false],
])('a private namespace on %s looks absent, byte for byte (checklist 14, C7)', (_, anonymousRead) => {
  let app: TestApp;
  let replica: TestApp;
  let owner: Browser;
  let organization: string;
  let callers: [name: string, key: string | undefined][];
  const here = 'present';
  const absent = 'nowhere';

  beforeAll(async () => {
    app = await TestApp.start({
      TFR_MULTI_TENANCY_ENABLED: 'true',
      TFR_AUTH_ANONYMOUS_READ: String(anonymousRead),
      TFR_SECURITY_RATE_LIMITING_ENABLED: 'false',
    });
    replica = await app.another();
    organization = await app.addOrganization('tenant', 'public');
    const other = await app.addOrganization('other');
    owner = await Browser.signIn(app, await addPerson(app, { [organization]: 'owner' }));
    const key = await app.issueKey('modules:write,providers:write', organization);
    expect((await app.publishModule({ ...module, namespace: here }, key)).status).toBe(201);
    expect((await app.publishProvider({ ...provider, namespace: here }, key)).status).toBe(201);
    callers = [
      ['nobody', undefined],
      ['an unusable key', 'nonsense'],
      ['a key of another organization', await app.issueKey('modules:write,providers:write', other)],
      ['a key without the right', await app.issueKey('scm:read', organization)],
    ];
  });
  afterAll(async () => {
    await replica?.stop();
    await app?.stop();
  });

  const setVisibility = async (visibility: Visibility) => {
    const path = `/api/v1/organizations/${organization}`;
    const answer = await owner.request(path, { method: 'PUT', json: { visibility }, proof: 'handle' });
    expect(answer.status).toBe(200);
  };

  const read = (at: TestApp, namespace: string, { path, lean }: (typeof READS)[number], key?: string) =>
    at.request(path.replace('%', namespace), { lean, key });

  async function differences(at: TestApp): Promise<string[]> {
    const found: string[] = [];
    for (const [name, key] of callers) {
      for (const one of READS) {
        const [present, missing] = [await read(at, here, one, key), await read(at, absent, one, key)];
        if (withoutName(present, here) !== withoutName(missing, absent))
          found.push(`${name} GET ${one.path}`);
      }
      for (const { path, method, json } of WRITES) {
        const [present, missing] = [here, absent].map((namespace) => {
          const body = json && (JSON.parse(JSON.stringify(json).replace('%', namespace)) as object);
          return at.request(path.replace('%', namespace), { method, json: body, key });
        });
        const isSame = withoutName(await present!, here) === withoutName(await missing!, absent);
        // A key that may write elsewhere gets the free name; that is no news about the taken one.
        if (!isSame && (await missing!).status !== 201) found.push(`${name} ${method} ${path}`);
      }
      await at.query(`DELETE FROM registry_modules WHERE namespace = $1`, [absent]);
      await at.query(`DELETE FROM protocol_documents WHERE namespace = $1`, [absent]);
      await at.query(`DELETE FROM namespace_claims WHERE name = $1`, [absent]);
    }
    return found;
  }

  const statusesOf = async (at: TestApp, key?: string) =>
    new Set(
      await Promise.all(
        READS.filter(({ path }) => !path.includes('9.9.9')).map(
          async (one) => (await read(at, here, one, key)).status,
        ),
      ),
    );

  it('from the moment the change is answered, in the process that made it', async () => {
    expect([...(await statusesOf(app))].toSorted()).toEqual([200, 204]);
    expect([...(await statusesOf(replica))].toSorted()).toEqual([200, 204]);
    await setVisibility('private');
    expect([...(await statusesOf(app))]).toEqual([anonymousRead ? 404 : 401]);
    expect(await differences(app)).toEqual([]);
  });

  it('in every other process too, also for documents that it holds in memory', async () => {
    await setVisibility('public');
    await expect.poll(async () => [...(await statusesOf(replica))].toSorted()).toEqual([200, 204]);
    await setVisibility('private');
    const closed = [anonymousRead ? 404 : 401];
    await expect
      .poll(async () => [...(await statusesOf(replica))], { timeout: 5_000, interval: 20 })
      .toEqual(closed);
    expect(await differences(replica)).toEqual([]);
  });

  it('while its own people read it, in both processes', async () => {
    const key = await app.issueKey('modules:read,providers:read', organization);
    for (const at of [app, replica]) {
      expect([...(await statusesOf(at, key))].toSorted()).toEqual([200, 204]);
      expect([...(await statusesOf(at, key))].toSorted()).toEqual([200, 204]);
    }
  });

  it('and follows the server again when the visibility is cleared', async () => {
    await setVisibility(null);
    const expected = anonymousRead ? [200, 204] : [401];
    expect([...(await statusesOf(app))].toSorted()).toEqual(expected);
    await expect.poll(async () => [...(await statusesOf(replica))].toSorted()).toEqual(expected);
  });
});

describe('a publish that runs while the organization becomes private (C7)', () => {
  it('never leaves a document that everybody can read', async () => {
    const app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
    try {
      const platform = await defaultOrganizationOf(app);
      const admin = await Browser.signIn(app, await addPerson(app, { [platform]: 'admin' }));
      for (let round = 0; round < 4; round += 1) {
        const namespace = `racing-${round}`;
        const id = await app.addOrganization(namespace, 'public');
        const key = await app.issueKey('modules:write', id);
        await app.publishModule(aModule({ namespace, name: 'first' }), key);
        const hide = admin.request(`/api/v1/organizations/${id}`, {
          method: 'PUT',
          json: { visibility: 'private' },
          proof: 'handle',
        });
        const publishes = ['a', 'b', 'c', 'first'].map((name) =>
          app.publishModule(aModule({ namespace, name, version: '2.0.0' }), key),
        );
        const answers = await Promise.all([hide, ...publishes]);
        expect(answers.map(({ status }) => status)).toEqual([200, 201, 201, 201, 201]);
        const shown = await app.query(
          `SELECT path FROM protocol_documents WHERE namespace = $1 AND visibility IS DISTINCT FROM 'private'`,
          [namespace],
        );
        expect(shown).toEqual([]);
      }
    } finally {
      await app.stop();
    }
  });
});
