import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testSigner } from '../../support/build-fixtures.js';
import { aModule, moduleApiPath, moduleProtocolPath } from '../../support/factories/module.factory.js';
import {
  aProvider,
  onPlatform,
  providerApiPath,
  providerProtocolPath,
} from '../../support/factories/provider.factory.js';
import { TestApp } from '../../support/test-app.js';
import { comparable, expectApiError, expectProtocolError } from './support/expectations.js';
import { serveRelease } from './support/served-release.js';

interface Content {
  readonly module: ReturnType<typeof aModule>;
  readonly provider: ReturnType<typeof aProvider>;
}

/** One module and one provider in a namespace. */
const contentOf = (namespace: string): Content => ({
  module: aModule({ namespace, name: 'vpc' }),
  provider: aProvider({ namespace, type: 'cloud' }),
});

async function publish(app: TestApp, { module, provider }: Content, key?: string): Promise<void> {
  expect((await app.publishModule(module, key)).status).toBe(201);
  expect((await app.publishProvider(provider, key)).status).toBe(201);
}

/** Every address that is read in public, with the scope it needs where it is private. */
const readable = ({ module, provider }: Content): [path: string, scope: string][] => [
  [`${moduleProtocolPath(module)}/versions`, 'modules:read'],
  [`${moduleProtocolPath(module)}/1.0.0/download`, 'modules:read'],
  [moduleApiPath(module), 'modules:read'],
  [`${providerProtocolPath(provider)}/versions`, 'providers:read'],
  [`${providerProtocolPath(provider)}/1.0.0/download/linux/amd64`, 'providers:read'],
  [providerApiPath(provider), 'providers:read'],
  [`/api/v1/namespaces/${module.namespace}/signing-keys`, 'providers:read'],
];

const UNUSABLE = ['nonsense', `tfr_${'x'.repeat(43)}`];
const sentenceFor = (scope: string): string =>
  scope === 'modules:read' ? 'Module not found' : 'Provider not found';

describe('a private registry (auth.anonymous_read = false)', () => {
  let app: TestApp;
  const present = contentOf('acme');
  const absent = contentOf('nobody');

  beforeAll(async () => {
    app = await TestApp.start({ TFR_AUTH_ANONYMOUS_READ: 'false' });
    await publish(app, present);
  });
  afterAll(() => app?.stop());

  it('says 401 to everybody without a usable key, for every address alike (checklist 14, 15)', async () => {
    for (const [index, [path]] of readable(present).entries()) {
      const [other] = readable(absent)[index]!;
      for (const lean of [true, false]) {
        const here = await app.request(path, { lean });
        expect(here.status).toBe(401);
        expect(here.headers['www-authenticate']).toBe('Bearer');
        expect(here.json()).toMatchObject({ error: 'Missing authorization header' });
        const there = await app.request(other, { lean });
        expect(comparable(there)).toEqual(comparable(here));
        for (const key of UNUSABLE) {
          const wrong = await app.request(path, { lean, key });
          expect(wrong.json()).toMatchObject({ error: 'Invalid credentials' });
          expect(wrong.status).toBe(401);
          expect(comparable(await app.request(other, { lean, key }))).toEqual(comparable(wrong));
        }
      }
    }
  });

  it('says 401 also for impossible names, versions and platforms', async () => {
    for (const path of [
      '/v1/modules/search/x/y/versions',
      '/v1/modules/-/x/Y/versions',
      `${moduleProtocolPath(present.module)}/not-a-version/download`,
      '/v1/providers/a!b/x/versions',
      `${providerProtocolPath(present.provider)}/x/download/Linux/amd64`,
    ]) {
      expect((await app.request(path, { lean: true })).status).toBe(401);
    }
  });

  it('shows everything to a key with the right of the section (checklist 13)', async () => {
    const key = await app.issueKey('modules:read,providers:read');
    for (const [path] of readable(present)) {
      for (const lean of [true, false]) {
        const answer = await app.request(path, { lean, key });
        expect([200, 204]).toContain(answer.status);
        expect(answer.headers['cache-control']).toMatch(/^(private, no-cache|no-store)$/);
        expect(answer.headers['cache-control']).not.toContain('public');
      }
    }
    await serveRelease(app, present.provider, 'linux/amd64', key);
  });

  it('says 404 to a key without the right, as if it were absent (checklist 14)', async () => {
    const keys = {
      'modules:read': await app.issueKey('providers:read'),
      'providers:read': await app.issueKey('modules:read'),
    };
    for (const [index, [path, scope]] of readable(present).entries()) {
      const [other] = readable(absent)[index]!;
      const key = keys[scope as keyof typeof keys];
      for (const lean of [true, false]) {
        const here = await app.request(path, { lean, key });
        expect(here.status).toBe(404);
        expect(here.json()).toMatchObject({ error: sentenceFor(scope) });
        expect(comparable(await app.request(other, { lean, key }))).toEqual(comparable(here));
      }
    }
  });

  it('never answers somebody from what it remembers of somebody else', async () => {
    const reader = await app.issueKey('modules:read');
    const stranger = await app.issueKey('providers:read');
    const path = `${moduleProtocolPath(present.module)}/versions`;
    for (let round = 0; round < 5; round += 1) {
      expect((await app.request(path, { lean: true, key: reader })).status).toBe(200);
      expect((await app.request(path, { lean: true })).status).toBe(401);
      expect((await app.request(path, { lean: true, key: stranger })).status).toBe(404);
      expect((await app.request(path, { lean: true, key: 'nonsense' })).status).toBe(401);
    }
  });

  it('serves signed files without a key (checklist 16, 75)', async () => {
    const key = await app.issueKey('modules:read');
    const path = `${moduleProtocolPath(present.module)}/1.0.0/download`;
    const answer = await app.request(path, { lean: true, key });
    const file = await app.fetchLink(String(answer.headers['x-terraform-get']));
    expect(file.body.equals(present.module.archive)).toBe(true);
  });

  it('keeps the addresses open that always are', async () => {
    for (const path of [
      '/.well-known/terraform.json',
      '/health',
      '/ready',
      '/version',
      '/api/v1/signing-key',
    ]) {
      for (const key of [undefined, 'nonsense']) expect((await app.request(path, { key })).status).toBe(200);
    }
  });

  it('shows namespaces of public organizations to everybody', async () => {
    const organizationId = await app.addOrganization('open-house', 'public');
    const shown = contentOf('open-house');
    await publish(app, shown);
    await app.query(`UPDATE namespace_claims SET organization_id = $1 WHERE name = 'open-house'`, [
      organizationId,
    ]);
    // What is published next carries the visibility of the new owner.
    await app.publishModule({ ...shown.module, version: '1.1.0' });
    const path = `${moduleProtocolPath(shown.module)}/versions`;
    await expect.poll(async () => (await app.request(path)).status, { timeout: 3_000 }).toBe(200);
    expect((await app.request(path, { lean: true })).status).toBe(200);
    expect((await app.request(`${moduleProtocolPath(present.module)}/versions`)).status).toBe(401);
  });
});

describe('an open registry with a private organization', () => {
  let app: TestApp;
  let memberKey: string;
  const hidden = contentOf('secret');
  const absent = contentOf('nobody');

  beforeAll(async () => {
    app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true', TFR_AUTH_ANONYMOUS_READ: 'true' });
    const organizationId = await app.addOrganization('secret', 'private');
    const scopes = 'modules:read,modules:write,providers:read,providers:write';
    memberKey = await app.issueKey(scopes, organizationId);
    await publish(app, hidden, memberKey);
  });
  afterAll(() => app?.stop());

  it('answers everybody else byte for byte as if it were absent, read or written (checklist 14)', async () => {
    const strangers = [
      undefined,
      'nonsense',
      app.publisherKey,
      await app.issueKey('modules:read,providers:read'),
    ];
    for (const [index, [path, scope]] of readable(hidden).entries()) {
      const [other] = readable(absent)[index]!;
      for (const key of strangers) {
        for (const options of [{ lean: true }, { lean: false }, { lean: true, method: 'HEAD' }]) {
          const here = await app.request(path, { ...options, key });
          expect(here.status).toBe(404);
          if (options.method === undefined) expect(here.json()).toMatchObject({ error: sentenceFor(scope) });
          expect(comparable(await app.request(other, { ...options, key }))).toEqual(comparable(here));
        }
      }
    }
  });

  it('is not betrayed by impossible versions', async () => {
    for (const version of ['9.9.9', 'nonsense', '1.0.0+b1']) {
      const pathOf = ({ module }: Content) => `${moduleProtocolPath(module)}/${version}/download`;
      const here = await app.request(pathOf(hidden), { lean: true });
      expectProtocolError(here, 404, 'Module not found');
      expect(comparable(await app.request(pathOf(absent), { lean: true }))).toEqual(comparable(here));
    }
  });

  it('is not betrayed by attempts to change it', async () => {
    const pairs = (content: Content): [string, string][] => [
      ['DELETE', moduleApiPath(content.module)],
      ['DELETE', `${moduleApiPath(content.module)}/versions/1.0.0`],
      ['POST', `${moduleApiPath(content.module)}/versions/1.0.0/deprecate`],
      ['DELETE', providerApiPath(content.provider)],
      ['DELETE', `${providerApiPath(content.provider)}/versions/1.0.0`],
      ['POST', `${providerApiPath(content.provider)}/versions/1.0.0/deprecate`],
    ];
    for (const [index, [method, path]] of pairs(hidden).entries()) {
      const [, other] = pairs(absent)[index]!;
      const here = await app.request(path, { method, key: app.publisherKey });
      expect(here.status).toBe(404);
      const there = await app.request(other, { method, key: app.publisherKey });
      expect(comparable(there)).toEqual(comparable(here));
    }
  });

  it('shows its members everything (checklist 13)', async () => {
    for (const [path] of readable(hidden)) {
      for (const lean of [true, false]) {
        expect([200, 204]).toContain((await app.request(path, { lean, key: memberKey })).status);
      }
    }
    await serveRelease(app, hidden.provider, 'linux/amd64', memberKey);
  });

  it('shows its signed files to whoever got the link (checklist 16)', async () => {
    const path = `${moduleProtocolPath(hidden.module)}/1.0.0/download`;
    const answer = await app.request(path, { lean: true, key: memberKey });
    const file = await app.fetchLink(String(answer.headers['x-terraform-get']));
    expect(file.body.equals(hidden.module.archive)).toBe(true);
  });
});

describe('organizations beside each other (multi_tenancy.enabled)', () => {
  let app: TestApp;
  let oneId: string;
  let oneKey: string;
  let otherKey: string;
  const NOT_YOURS = 'You may not publish into this namespace. Use a namespace of your own organization.';

  beforeAll(async () => {
    app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
    const scopes = 'modules:read,modules:write,providers:read,providers:write';
    oneId = await app.addOrganization('one');
    oneKey = await app.issueKey(scopes, oneId);
    otherKey = await app.issueKey(scopes, await app.addOrganization('other', 'public'));
  });
  afterAll(() => app?.stop());

  it('own what they publish first: nobody else publishes into it, in any spelling (checklist 55)', async () => {
    const module = aModule({ namespace: 'team_a' });
    expect((await app.publishModule(module, oneKey)).status).toBe(201);
    const [row] = await app.query(
      `SELECT m.organization_id, c.folded_name FROM registry_modules m
       JOIN namespace_claims c ON c.organization_id = m.organization_id WHERE m.namespace = 'team_a'`,
    );
    expect(row).toEqual({ organization_id: oneId, folded_name: 'team-a' });
    for (const namespace of ['team_a', 'team-a', 'TEAM_A']) {
      const denied = await app.publishModule(aModule({ namespace }), otherKey);
      expectApiError(denied, 403, NOT_YOURS);
      const provider = await app.publishProvider(aProvider({ namespace }), otherKey);
      expectApiError(provider, 403, NOT_YOURS);
      const record = await app.request('/api/v1/admin/modules/create', {
        method: 'POST',
        key: otherKey,
        json: { namespace, name: 'x', system: 'aws' },
      });
      expectApiError(record, 403, NOT_YOURS);
    }
    expect(
      await app.query(`SELECT 1 FROM registry_modules WHERE lower(namespace) LIKE 'team_a'`),
    ).toHaveLength(1);
  });

  it('share a namespace between modules and providers of one organization', async () => {
    const module = aModule({ namespace: 'both' });
    expect((await app.publishModule(module, oneKey)).status).toBe(201);
    expect((await app.publishProvider(aProvider({ namespace: 'both' }), oneKey)).status).toBe(201);
    expect(await app.query(`SELECT 1 FROM namespace_claims WHERE name = 'both'`)).toHaveLength(1);
  });

  it('may not take the name of another organization, nor an organization that is not theirs', async () => {
    expectApiError(await app.publishModule(aModule({ namespace: 'other' }), oneKey), 403, NOT_YOURS);
    expect((await app.publishModule(aModule({ namespace: 'one' }), oneKey)).status).toBe(201);
    const archive = aModule().archive;
    const call = (organization: string) =>
      app.postForm(
        '/api/v1/modules',
        [
          { name: 'namespace', value: 'fresh' },
          { name: 'name', value: 'x' },
          { name: 'system', value: 'aws' },
          { name: 'version', value: '1.0.0' },
          { name: 'organization_id', value: organization },
          { name: 'file', value: archive, filename: 'm.tar.gz' },
        ],
        otherKey,
      );
    for (const organization of [oneId, 'nonsense', '00000000-0000-4000-8000-000000000000']) {
      expectApiError(await call(organization), 403, NOT_YOURS);
    }
    expect(await app.query(`SELECT 1 FROM namespace_claims WHERE name = 'fresh'`)).toEqual([]);
  });

  it('get a free namespace once, when two organizations publish into it at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      const namespace = `contested-${round}`;
      const answers = await Promise.all([
        app.publishModule(aModule({ namespace }), oneKey),
        app.publishModule(aModule({ namespace }), otherKey),
        app.publishProvider(aProvider({ namespace }), oneKey),
        app.publishProvider(aProvider({ namespace }), otherKey),
      ]);
      const statuses = answers.map(({ status }) => status);
      expect([
        [201, 403, 201, 403],
        [403, 201, 403, 201],
      ]).toContainEqual(statuses);
    }
  });

  it('see each other as their visibility says: this registry is private unless an organization is public', async () => {
    const closed = aModule({ namespace: 'closed' });
    const open = aModule({ namespace: 'open' });
    await app.publishModule(closed, oneKey);
    await app.publishModule(open, otherKey);
    for (const lean of [true, false]) {
      const path = `${moduleProtocolPath(closed)}/versions`;
      expect((await app.request(path, { lean })).status).toBe(401);
      expectProtocolError(await app.request(path, { lean, key: otherKey }), 404, 'Module not found');
      expect((await app.request(path, { lean, key: oneKey })).status).toBe(200);
      const shown = `${moduleProtocolPath(open)}/versions`;
      for (const key of [undefined, oneKey, otherKey]) {
        expect((await app.request(shown, { lean, key })).status).toBe(200);
      }
    }
  });

  it('change nothing of each other: 404 when they may not see it, 403 when they may', async () => {
    const closed = aModule({ namespace: 'closed' });
    const open = aProvider({ namespace: 'open' });
    await app.publishModule(closed, oneKey);
    await app.publishProvider(open, otherKey);
    const options = { method: 'DELETE' };
    expectApiError(
      await app.request(moduleApiPath(closed), { ...options, key: otherKey }),
      404,
      'Module not found',
    );
    expectApiError(await app.request(providerApiPath(open), { ...options, key: oneKey }), 403, NOT_YOURS);
    expect((await app.request(providerApiPath(open))).status).toBe(200);
  });

  it('keep a deleted number for its owner: nobody else can restore or replace it (checklist 88)', async () => {
    const module = aModule({ namespace: 'closed' });
    await app.publishModule(module, oneKey);
    await app.request(moduleApiPath(module), { method: 'DELETE', key: oneKey });
    expectApiError(await app.publishModule(module, otherKey), 403, NOT_YOURS);
    expect((await app.publishModule(module, oneKey)).status).toBe(201);
  });

  it('sign for themselves: a key registered for one namespace says nothing about another', async () => {
    const signer = await testSigner();
    const provider = aProvider({ namespace: 'open' });
    await app.publishProvider(provider, otherKey);
    const add = (namespace: string, key: string) =>
      app.request(`/api/v1/namespaces/${namespace}/signing-keys`, {
        method: 'POST',
        key,
        json: { ascii_armor: signer.publicKey },
      });
    const admin = await app.issueKey('admin', oneId);
    expectApiError(await add('open', admin), 403, NOT_YOURS);
    expect((await app.publishProvider(onPlatform(provider, 'darwin', 'arm64'), otherKey)).status).toBe(201);
  });
});
