import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aModule,
  moduleApiPath,
  moduleProtocolPath,
} from '../../../../../support/factories/module.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { aTime, expectApiError } from '../../../support/expectations.js';

describe('…/modules/…/versions/{version}/deprecate', () => {
  let app: TestApp;
  const module = aModule({ version: '1.2.0' });
  const path = `${moduleApiPath(module)}/versions/1.2.0/deprecate`;

  beforeAll(async () => {
    app = await TestApp.start();
    expect((await app.publishModule(module)).status).toBe(201);
  });
  afterAll(() => app?.stop());

  const lean = async () =>
    (await app.request(`${moduleProtocolPath(module)}/versions`, { lean: true })).json<{
      modules: [{ versions: [Record<string, unknown>] }];
    }>().modules[0].versions[0];
  const rich = async () =>
    (await app.request(moduleApiPath(module))).json<{ versions: [Record<string, unknown>] }>().versions[0];
  const address = { namespace: module.namespace, name: module.name, system: 'aws', version: '1.2.0' };

  it('marks, changes the message and keeps the time, and takes the mark away (checklist 65)', async () => {
    const key = app.publisherKey;
    const marked = await app.request(path, { method: 'POST', key, json: { message: 'Use vpc2' } });
    expect(marked.status).toBe(200);
    expect(marked.json()).toEqual({ message: 'Version deprecated successfully', ...address });
    expect(await lean()).toEqual({ version: '1.2.0', deprecation: { reason: 'Use vpc2', link: '' } });
    const first = await rich();
    expect(first).toMatchObject({ deprecated: true, deprecated_at: aTime, deprecation_message: 'Use vpc2' });

    await app.request(path, { method: 'POST', key, json: { message: 'Use vpc3' } });
    expect(await rich()).toEqual({ ...first, deprecation_message: 'Use vpc3' });

    const unmarked = await app.request(path, { method: 'DELETE', key });
    expect(unmarked.status).toBe(200);
    expect(unmarked.json()).toEqual({ message: 'Version deprecation removed successfully', ...address });
    expect(await lean()).toEqual({ version: '1.2.0' });
    const after = await rich();
    expect(after).toMatchObject({ deprecated: false });
    expect(after).not.toHaveProperty('deprecated_at');
    expect(after).not.toHaveProperty('deprecation_message');
    expect((await app.request(path, { method: 'DELETE', key })).status).toBe(200);
  });

  it.each([
    ['no body', {}],
    ['an empty object', { json: {} }],
    ['null as message', { json: { message: null } }],
    ['unknown fields', { json: { colour: 'blue' } }],
  ])('accepts %s', async (_what, options) => {
    const answer = await app.request(path, { method: 'POST', key: app.publisherKey, ...options });
    expect(answer.status).toBe(200);
    expect(await rich()).not.toHaveProperty('deprecation_message');
  });

  it('takes every spelling of the version', async () => {
    for (const version of ['v1.2', '1.2']) {
      const target = path.replace('/1.2.0/', `/${version}/`);
      const answer = await app.request(target, { method: 'POST', key: app.publisherKey });
      expect(answer.json()).toMatchObject({ version: '1.2.0' });
    }
  });

  it('still lets the version be downloaded', async () => {
    await app.request(path, { method: 'POST', key: app.publisherKey });
    const download = await app.request(`${moduleProtocolPath(module)}/1.2.0/download`, { lean: true });
    expect(download.status).toBe(204);
  });

  it('refuses a message above 2000 characters or of another type, and a bad version, with 400', async () => {
    const key = app.publisherKey;
    for (const message of ['x'.repeat(2001), 7, ['x']]) {
      const answer = await app.request(path, { method: 'POST', key, json: { message } });
      expect(answer.status).toBe(400);
      expect(answer.json<{ fields: object }>().fields).toHaveProperty('message');
    }
    const bad = await app.request(path.replace('1.2.0', 'x'), { method: 'POST', key });
    expect(bad.json()['error']).toMatch(/^Invalid version format: /);
  });

  it('says 404 for unknown versions and modules', async () => {
    for (const method of ['POST', 'DELETE']) {
      const options = { method, key: app.publisherKey };
      const noVersion = await app.request(path.replace('1.2.0', '9.9.9'), options);
      expectApiError(noVersion, 404, 'Version not found');
      const noModule = await app.request(path.replace(module.name, 'nothing'), options);
      expectApiError(noModule, 404, 'Module not found');
      const noNamespace = await app.request(path.replace('/acme/', '/nobody/'), options);
      expectApiError(noNamespace, 404, 'Module not found');
    }
  });

  it('needs modules:write', async () => {
    const reader = await app.issueKey('modules:read,providers:write');
    for (const method of ['POST', 'DELETE']) {
      expectApiError(await app.request(path, { method }), 401, 'Missing authorization header');
      expectApiError(await app.request(path, { method, key: reader }), 403, 'Missing required scope', {
        details: 'Required scope: modules:write',
      });
    }
  });
});
