import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DomainError } from '../../../src/kernel/errors.js';
import { NamespaceAdministration } from '../../../src/orgs/namespace-administration.service.js';
import { aModule } from '../../support/factories/module.factory.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from '../auth/support/browser.js';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

let app: TestApp;
let admin: Browser;
let victim: string;
let squatter: string;

beforeAll(async () => {
  app = await TestApp.start({
    TFR_MULTI_TENANCY_ENABLED: 'true',
    TFR_SECURITY_RATE_LIMITING_ENABLED: 'false',
  });
  const platform = await defaultOrganizationOf(app);
  admin = await Browser.signIn(app, await addPerson(app, { [platform]: 'admin' }));
  victim = await app.addOrganization('victim');
  squatter = await app.addOrganization('squatter');
});
afterAll(() => app?.stop());

const claim = async (name: string, organization: string) => {
  const json = { name, organization_id: organization };
  return (await admin.request('/api/v1/namespaces', { method: 'POST', json, proof: 'handle' })).status;
};

/** A hundred names with every kind of character in them. */
const NAMES = Array.from({ length: 100 }, (_, index) => {
  const part = LETTERS[index % 26]!.repeat(1 + (index % 5));
  const joint = ['-', '_', ''][index % 3]!;
  const end = LETTERS.slice(index % 10, (index % 10) + 4);
  return `${index % 2 === 0 ? part.toUpperCase() : part}${joint}x${index}${joint}${end}`;
});

/** Names that people take for the same. */
const sameNames = (name: string): string[] => [
  name.toLowerCase(),
  name.toUpperCase(),
  name.replaceAll('-', '_'),
  name.replaceAll('_', '-'),
  name.replaceAll(/[-_]/g, (joint) => (joint === '-' ? '_' : '-')).toUpperCase(),
  name[0]!.toUpperCase() + name.slice(1).toLowerCase(),
];

/** Names that look alike and are outside the grammar. */
const lookAlikes = (name: string): string[] => [
  name.replace(/[aA]|x/, '\u0430'),
  `${name}\u200b`,
  name.replace('x', '\uff58'),
  `${name} `,
  `${name}.`,
  `-${name}`,
];

describe('names that pass for another one (C5)', () => {
  it(
    'cannot be claimed by anybody else: case, underscore and hyphen make no difference',
    { timeout: 120_000 },
    async () => {
      const namespaces = app.get(NamespaceAdministration);
      const outcomes: Record<string, number> = {};
      for (const name of NAMES) {
        await namespaces.claim(name, victim);
        const variants = [...sameNames(name), ...lookAlikes(name)];
        for (const attempt of await Promise.allSettled(
          variants.map((one) => namespaces.claim(one, squatter)),
        )) {
          const outcome = attempt.status === 'fulfilled' ? 'claimed' : (attempt.reason as DomainError).code;
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        }
      }
      expect(outcomes).toEqual({ namespace_taken: 600, invalid_address: 600 });
      const foreign = await app.query('SELECT 1 FROM namespace_claims WHERE organization_id <> $1', [victim]);
      expect(foreign).toEqual([]);
    },
  );

  it('are free when one letter differs, which is another name', async () => {
    for (const name of NAMES.slice(0, 10)) expect(await claim(`${name}z`, squatter)).toBe(201);
  });

  it('cannot be taken by publishing or by founding an organization either', async () => {
    const key = await app.issueKey('modules:write', squatter);
    for (const name of NAMES.slice(0, 8)) {
      for (const variant of sameNames(name).slice(0, 3)) {
        expect((await app.publishModule(aModule({ namespace: variant }), key)).status).toBe(403);
        const json = { name: variant, display_name: 'x' };
        const answer = await admin.request('/api/v1/organizations', {
          method: 'POST',
          json,
          proof: 'handle',
        });
        expect(answer.status).toBe(409);
      }
    }
  });
});

describe('an organization that is deleted and founded again (C6)', () => {
  const found = (name: string) =>
    admin.request('/api/v1/organizations', {
      method: 'POST',
      json: { name, display_name: name },
      proof: 'handle',
    });

  it('does not give its names to the newcomer', async () => {
    const first = (await found('phoenix')).json<{ organization: { id: string } }>().organization.id;
    const key = await app.issueKey('modules:write', first);
    const module = aModule({ namespace: 'ashes' });
    expect((await app.publishModule(module, key)).status).toBe(201);
    const path = `/api/v1/modules/ashes/${module.name}/${module.system}`;
    expect((await app.request(path, { method: 'DELETE', key })).status).toBe(200);
    expect(await claim('feathers', first)).toBe(201);
    const deleted = await admin.request(`/api/v1/organizations/${first}`, {
      method: 'DELETE',
      proof: 'handle',
    });
    expect(deleted.status).toBe(200);
    const second = (await found('Phoenix')).json<{ organization: { id: string } }>().organization.id;
    expect(second).not.toBe(first);
    const newKey = await app.issueKey('modules:write', second);
    for (const namespace of ['ashes', 'ASHES', 'feathers', 'Feathers']) {
      expect((await app.publishModule(aModule({ ...module, namespace }), newKey)).status).toBe(403);
      expect(await claim(namespace, second)).toBe(409);
    }
    expect((await app.publishModule(aModule({ namespace: 'phoenix' }), newKey)).status).toBe(201);
    const moved = await admin.request('/api/v1/namespaces/ashes', {
      method: 'PUT',
      json: { organization_id: second },
      proof: 'handle',
    });
    expect(moved.status).toBe(200);
    const other = { ...module, version: '3.0.0' };
    expect((await app.publishModule(other, newKey)).status).toBe(201);
  });
});
