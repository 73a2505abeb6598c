import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aModule, moduleProtocolPath } from '../../../../../support/factories/module.factory.js';
import { uniqueName } from '../../../../../support/factories/names.js';
import { TestApp } from '../../../../../support/test-app.js';
import { anUuid, aTime, expectApiError } from '../../../support/expectations.js';

describe('POST /api/v1/admin/modules/create', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app?.stop());

  const create = (json: unknown, key: string | undefined = app.publisherKey) =>
    app.request('/api/v1/admin/modules/create', { method: 'POST', key, json });
  const anAddress = () => ({ namespace: 'acme', name: uniqueName('record'), system: 'aws' });

  it('answers 201 with the record, and 200 with the same record when it is there', async () => {
    const address = anAddress();
    const first = await create({ ...address, description: 'A network', colour: 'blue' });
    expect(first.status).toBe(201);
    expect(first.json()).toEqual({
      id: anUuid,
      organization_id: anUuid,
      ...address,
      description: 'A network',
      created_by_name: 'ci',
      created_at: aTime,
      updated_at: aTime,
    });
    const again = await create(address);
    expect(again.status).toBe(200);
    expect(again.json()).toMatchObject({ id: first.json()['id'], description: 'A network' });
  });

  it('claims the namespace, and the first version then goes into the record', async () => {
    const address = { ...anAddress(), namespace: uniqueName('claimed') };
    const { id } = (await create(address)).json();
    expect(await app.query('SELECT name FROM namespace_claims WHERE name = $1', [address.namespace])).toEqual(
      [{ name: address.namespace }],
    );
    const published = await app.publishModule(aModule(address));
    expect(published.json()['id']).toBe(id);
    const list = await app.request(`${moduleProtocolPath(address)}/versions`, { lean: true });
    expect(list.json()).toMatchObject({ modules: [{ versions: [{ version: '1.0.0' }] }] });
  });

  it('has one winner among simultaneous calls, and 200 for the others', async () => {
    const address = anAddress();
    const answers = await Promise.all(Array.from({ length: 12 }, () => create(address)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(11).fill(200), 201]);
    expect(new Set(answers.map((answer) => answer.json()['id'])).size).toBe(1);
  });

  it.each([
    [{ namespace: 'acme', name: 'x' }, 'system'],
    [{ namespace: 'acme', system: 'aws' }, 'name'],
    [{ name: 'x', system: 'aws' }, 'namespace'],
    [{ namespace: 'acme', name: 7, system: 'aws' }, 'name'],
    [{ namespace: 'search', name: 'x', system: 'aws' }, 'namespace'],
    [{ namespace: 'acme', name: 'x', system: 'versions' }, 'system'],
    [{ namespace: 'acme', name: 'x', system: 'aws', description: 'x'.repeat(2001) }, 'description'],
  ])('refuses %o with 400 (checklist 56)', async (body, field) => {
    const answer = await create(body);
    expect(answer.status).toBe(400);
    expect(answer.json<{ fields: object }>().fields).toHaveProperty(field);
  });

  it('refuses a body that is no JSON with 400, and a caller without the scope with 403', async () => {
    const headers = { 'content-type': 'application/json' };
    const broken = await app.request('/api/v1/admin/modules/create', {
      method: 'POST',
      key: app.publisherKey,
      headers,
      body: '{"namespace":',
    });
    expect(broken.status).toBe(400);
    const reader = await app.issueKey('modules:read');
    expectApiError(await create(anAddress(), reader), 403, 'Missing required scope', {
      details: 'Required scope: modules:write',
    });
    const anonymous = await app.request('/api/v1/admin/modules/create', {
      method: 'POST',
      json: anAddress(),
    });
    expectApiError(anonymous, 401, 'Missing authorization header');
  });

  it('refuses another spelling of a record with 409 (checklist 55)', async () => {
    const address = anAddress();
    await create(address);
    const answer = await create({ ...address, name: address.name.toUpperCase() });
    expect(answer.status).toBe(409);
  });
});
