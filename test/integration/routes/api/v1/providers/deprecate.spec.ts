import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aProvider,
  providerApiPath,
  providerProtocolPath,
} from '../../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { aTime, expectApiError } from '../../../support/expectations.js';
import { serveRelease } from '../../../support/served-release.js';

describe('…/providers/…/versions/{version}/deprecate', () => {
  let app: TestApp;
  const provider = aProvider({ version: '1.2.0' });
  const path = `${providerApiPath(provider)}/versions/1.2.0/deprecate`;

  beforeAll(async () => {
    app = await TestApp.start();
    expect((await app.publishProvider(provider)).status).toBe(201);
  });
  afterAll(() => app?.stop());

  const warnings = async () =>
    (await app.request(`${providerProtocolPath(provider)}/versions`, { lean: true })).json()['warnings'];
  const rich = async () =>
    (await app.request(providerApiPath(provider))).json<{ versions: [Record<string, unknown>] }>()
      .versions[0];
  const identity = { namespace: 'acme', type: provider.type, version: '1.2.0' };

  it('marks, changes the message and keeps the time, and takes the mark away (checklist 70)', async () => {
    const key = app.publisherKey;
    const marked = await app.request(path, { method: 'POST', key, json: { message: 'Use 2.0' } });
    expect(marked.status).toBe(200);
    expect(marked.json()).toEqual({ message: 'Version deprecated successfully', ...identity });
    expect(await warnings()).toEqual([`Version 1.2.0 of acme/${provider.type} is deprecated: Use 2.0`]);
    const first = await rich();
    expect(first).toMatchObject({ deprecated: true, deprecated_at: aTime, deprecation_message: 'Use 2.0' });
    await app.request(path, { method: 'POST', key });
    const { deprecation_message: _message, ...unchanged } = first;
    expect(await rich()).toEqual(unchanged);
    expect(await warnings()).toEqual([`Version 1.2.0 of acme/${provider.type} is deprecated.`]);

    const unmarked = await app.request(path, { method: 'DELETE', key });
    expect(unmarked.status).toBe(200);
    expect(unmarked.json()).toEqual({ message: 'Version deprecation removed successfully', ...identity });
    expect(await warnings()).toBeUndefined();
    expect(await rich()).toMatchObject({ deprecated: false });
    expect(await rich()).not.toHaveProperty('deprecated_at');
  });

  it('takes the namespace in any case and the version in any spelling (checklist 91)', async () => {
    const target = path.replace('/acme/', '/Acme/').replace('1.2.0', 'v1.2');
    const answer = await app.request(target, { method: 'POST', key: app.publisherKey });
    expect(answer.json()).toMatchObject(identity);
  });

  it('still lets the version be installed', async () => {
    await app.request(path, { method: 'POST', key: app.publisherKey });
    const { zip } = await serveRelease(app, provider);
    expect(zip.equals(provider.file)).toBe(true);
  });

  it('refuses a message above 2000 characters, and a bad version, with 400', async () => {
    const key = app.publisherKey;
    const long = await app.request(path, { method: 'POST', key, json: { message: 'x'.repeat(2001) } });
    expect(long.status).toBe(400);
    const bad = await app.request(path.replace('1.2.0', 'x'), { method: 'POST', key });
    expect(bad.json()['error']).toMatch(/^Invalid version format: /);
  });

  it('says 404 for unknown versions and providers', async () => {
    for (const method of ['POST', 'DELETE']) {
      const options = { method, key: app.publisherKey };
      const noVersion = await app.request(path.replace('1.2.0', '9.9.9'), options);
      expectApiError(noVersion, 404, 'Version not found');
      const noProvider = await app.request(path.replace(provider.type, 'nothing'), options);
      expectApiError(noProvider, 404, 'Provider not found');
      const noNamespace = await app.request(path.replace('/acme/', '/nobody/'), options);
      expectApiError(noNamespace, 404, 'Provider not found');
    }
  });

  it('needs providers:write', async () => {
    const reader = await app.issueKey('providers:read,modules:write');
    for (const method of ['POST', 'DELETE']) {
      expectApiError(await app.request(path, { method }), 401, 'Missing authorization header');
      expectApiError(await app.request(path, { method, key: reader }), 403, 'Missing required scope', {
        details: 'Required scope: providers:write',
      });
    }
  });
});
