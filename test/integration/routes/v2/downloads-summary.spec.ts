import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dayOf, daysBefore } from '../../../../src/usage/domain/day.js';
import { aModule, moduleProtocolPath } from '../../../support/factories/module.factory.js';
import { aProvider } from '../../../support/factories/provider.factory.js';
import { TestApp } from '../../../support/test-app.js';
import { comparable, expectProtocolError } from '../support/expectations.js';

const summaryOf = ({ namespace, name, system }: { namespace: string; name: string; system: string }) =>
  `/v2/modules/${namespace}/${name}/${system}/downloads/summary`;

describe('GET /v2/…/downloads/summary', () => {
  let app: TestApp;
  const module = aModule();

  beforeAll(async () => {
    app = await TestApp.start();
    expect((await app.publishModule(module)).status).toBe(201);
  });
  afterAll(() => app?.stop());

  it('tells everybody the downloads of a week, a month, a year and all time', async () => {
    const today = dayOf(new Date());
    const days = [
      [6, 1],
      [7, 10],
      [29, 100],
      [30, 1_000],
      [364, 10_000],
      [365, 100_000],
    ] as const;
    for (const [back, downloads] of days) {
      await app.query(
        `INSERT INTO download_counts_daily (target_id, day, downloads)
         SELECT v.id, $2, $3 FROM module_versions v JOIN registry_modules m ON m.id = v.module_id WHERE m.name = $1`,
        [module.name, daysBefore(today, back), downloads],
      );
    }
    await app.request(`${moduleProtocolPath(module)}/1.0.0/download`, { lean: true });
    const answer = await app.request(summaryOf(module));
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      data: {
        type: 'module-downloads-summary',
        id: `acme/${module.name}/aws`,
        attributes: { week: 2, month: 112, year: 11_112, total: 111_112 },
      },
    });
  });

  it('does the same for a provider, whatever the case of its namespace', async () => {
    const provider = aProvider();
    expect((await app.publishProvider(provider)).status).toBe(201);
    await app.request(`/v1/providers/acme/${provider.type}/1.0.0/download/linux/amd64`, { lean: true });
    for (const namespace of ['acme', 'ACME']) {
      const answer = await app.request(`/v2/providers/${namespace}/${provider.type}/downloads/summary`);
      expect(answer.json()).toEqual({
        data: {
          type: 'provider-downloads-summary',
          id: `acme/${provider.type}`,
          attributes: { week: 1, month: 1, year: 1, total: 1 },
        },
      });
    }
  });

  it('is all zero for what was never downloaded', async () => {
    const fresh = aModule();
    expect((await app.publishModule(fresh)).status).toBe(201);
    expect((await app.request(summaryOf(fresh))).json()).toMatchObject({
      data: { attributes: { week: 0, month: 0, year: 0, total: 0 } },
    });
  });

  it('speaks of errors as the protocol does', async () => {
    expectProtocolError(await app.request(summaryOf(aModule())), 404, 'Module not found');
    expectProtocolError(
      await app.request('/v2/providers/acme/none/downloads/summary'),
      404,
      'Provider not found',
    );
    const impossible = await app.request('/v2/modules/acme/vpc/AWS/downloads/summary');
    expect(impossible.status).toBe(400);
    expect(impossible.json()['errors']).toEqual([impossible.json()['error']]);
    expectProtocolError(await app.request('/v2/modules/acme'), 404, 'Not found');
  });

  it('answers a private module like one that does not exist', async () => {
    const hidden = await app.addOrganization('hidden-org', 'private');
    const secret = aModule({ namespace: 'hidden-ns' });
    await app.query(
      `WITH claim AS (
         INSERT INTO namespace_claims (name, folded_name, organization_id) VALUES ('hidden-ns', 'hidden-ns', $1)
       )
       INSERT INTO registry_modules (organization_id, namespace, name, system) VALUES ($1, 'hidden-ns', $2, 'aws')`,
      [hidden, secret.name],
    );
    const [there, nowhere] = [
      await app.request(summaryOf(secret)),
      await app.request(summaryOf(aModule({ namespace: 'nobody-ns' }))),
    ];
    expect(comparable(there)).toEqual(comparable(nowhere));
  });
});
