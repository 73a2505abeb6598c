import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditLog } from '../../../../../../src/audit/audit-log.service.js';
import { Transactions } from '../../../../../../src/platform/database/transactions.js';
import { aModule, moduleApiPath } from '../../../../../support/factories/module.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { aTime, anUuid, expectApiError } from '../../../support/expectations.js';

const PATH = '/api/v1/admin/audit-logs';

interface Entry {
  id: string;
  action: string;
  resource_id: string;
  resource_type: string;
  organization_id: string | null;
  created_at: string;
  user_email: string | null;
  metadata: Record<string, unknown>;
}
interface Log {
  logs: Entry[];
  pagination: { page: number; per_page: number; total: number };
}

describe('the audit log', () => {
  let app: TestApp;
  let admin: string;
  let auditor: string;
  let own: string;
  let foreign: string;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
    admin = await app.issueKey('admin');
    own = await app.addOrganization('own');
    foreign = await app.addOrganization('foreign');
    auditor = await app.issueKey('audit:read', own);
  });
  afterAll(() => app?.stop());

  const record = (organizationId: string | null, resourceId: string, more: object = {}): Promise<void> =>
    app
      .get(Transactions)
      .run(() => app.get(AuditLog).record({ resource: 'policy', resourceId, organizationId, ...more }));
  const list = async (query = '', key = admin): Promise<Log> => {
    const answer = await app.request(`${PATH}${query}`, { key });
    expect(answer.status).toBe(200);
    return answer.json<Log>();
  };
  const idsOf = ({ logs }: Log): string[] => logs.map((entry) => entry.resource_id);
  const exportOf = async (query = '', key = admin): Promise<Entry[]> => {
    const answer = await app.request(`${PATH}/export${query}`, { key });
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    const lines = answer.body.toString().split('\n');
    expect(lines.pop()).toBe('');
    return lines.map((line) => JSON.parse(line) as Entry);
  };

  it('has what REST contract 4 says about an entry, in the list and alone', async () => {
    const module = aModule();
    expect((await app.publishModule(module)).status).toBe(201);
    const { logs } = await list('?action=POST%20/api/v1/modules');
    const entry = logs.find(({ metadata }) => String(metadata['address']).includes(module.name))!;
    expect(entry).toEqual({
      id: anUuid,
      user_id: null,
      user_email: null,
      user_name: 'ci',
      organization_id: anUuid,
      action: 'POST /api/v1/modules',
      resource_type: 'module',
      resource_id: anUuid,
      metadata: {
        auth_method: 'api_key',
        status_code: 201,
        request_id: expect.any(String) as string,
        address: `acme/${module.name}/aws`,
        version: '1.0.0',
        digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        after: {
          state: 'active',
          state_reason: null,
          withdraw_mode: null,
          quarantined_at: null,
          deprecated_at: null,
          deprecation_message: null,
          replacement: null,
        },
        actor: { kind: 'api-key', id: anUuid },
      },
      ip_address: '127.0.0.1',
      created_at: aTime,
    });
    const alone = await app.request(`${PATH}/${entry.id}`, { key: admin });
    expect(alone.json()).toEqual(entry);
  });

  it('tells each change of a version with what it was before', async () => {
    const module = aModule();
    await app.publishModule(module);
    const version = `${moduleApiPath(module)}/versions/1.0.0`;
    const key = await app.issueKey('modules:write');
    await app.request(`${version}/deprecate`, { method: 'POST', key, json: { message: 'old' } });
    await app.request(`${version}/deprecate`, { method: 'DELETE', key });
    await app.request(version, { method: 'DELETE', key });
    await app.request(moduleApiPath(module), { method: 'DELETE', key });
    const entries = (await exportOf('?resource_type=module')).filter(({ metadata }) =>
      String(metadata['address']).includes(module.name),
    );
    expect(
      entries.map(({ action, metadata: { before, after, versions } }) => [action, before, after, versions]),
    ).toMatchObject([
      ['POST /api/v1/modules', undefined, { state: 'active' }, undefined],
      [
        'POST /api/v1/modules/:namespace/:name/:system/versions/:version/deprecate',
        { deprecation_message: null },
        { deprecation_message: 'old' },
        undefined,
      ],
      [
        'DELETE /api/v1/modules/:namespace/:name/:system/versions/:version/deprecate',
        { deprecation_message: 'old' },
        { deprecation_message: null },
        undefined,
      ],
      [
        'DELETE /api/v1/modules/:namespace/:name/:system/versions/:version',
        { state: 'active' },
        { state: 'deleted' },
        undefined,
      ],
      ['DELETE /api/v1/modules/:namespace/:name/:system', undefined, undefined, []],
    ]);
  });

  it('shows newest first, in pages of 25 and at most 1000', async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `page ${index}`);
    for (const id of ids) await record(own, id);
    const newestFirst = [...ids].reverse();
    const first = await list('?resource_type=policy', auditor);
    expect(first.pagination).toEqual({ page: 1, per_page: 25, total: 30 });
    expect(idsOf(first)).toEqual(newestFirst.slice(0, 25));
    const second = await list('?resource_type=policy&page=2', auditor);
    expect(idsOf(second)).toEqual(newestFirst.slice(25));
    for (const [asked, used] of [
      ['1000', 1_000],
      ['1001', 1_000],
      ['0', 25],
      ['x', 25],
    ]) {
      expect((await list(`?per_page=${asked}`, auditor)).pagination.per_page).toBe(used);
    }
    expect((await exportOf('?resource_type=policy', auditor)).map((entry) => entry.resource_id)).toEqual(ids);
  });

  it('finds by parts of action and e-mail in any case, by kind, by user, and by time, both ends included', async () => {
    const userId = randomUUID();
    const actor = { userId, name: 'Ada', email: 'Ada_100%@Example.com' };
    await record(own, 'found', { action: 'mirror.sync_Triggered', actor });
    const [entry] = (await list('?action=MIRROR.SYNC_', auditor)).logs;
    expect(entry).toMatchObject({ resource_id: 'found', user_email: 'Ada_100%@Example.com' });
    const time = entry!.created_at;
    for (const query of [
      `?user_id=${userId}`,
      '?user_email=ada_100%25@',
      `?action=sync&start_date=${time}&end_date=${time}`,
      `?action=sync&start_date=${time.replace('Z', '%2B00:00')}&resource_type=policy&user_email=&action=sync_`,
    ]) {
      expect(idsOf(await list(query, auditor)), query).toEqual(['found']);
    }
    for (const query of [
      '?user_email=ada-100',
      '?action=syncX',
      `?user_id=${randomUUID()}`,
      '?resource_type=sync',
    ]) {
      expect(idsOf(await list(query, auditor)), query).toEqual([]);
    }
    const early = new Date(new Date(time).getTime() - 1).toISOString();
    expect(idsOf(await list(`?action=sync&end_date=${early}`, auditor))).toEqual([]);
  });

  it.each(['start_date', 'end_date'])('refuses a %s that is no RFC 3339 time', async (name) => {
    for (const text of [
      'yesterday',
      '2026-01-01',
      '2026-02-30T00:00:00Z',
      '2026-01-01T00:00:00',
      '2026-01-01 00:00:00Z',
    ]) {
      const answer = await app.request(`${PATH}?${name}=${encodeURIComponent(text)}`, { key: admin });
      expectApiError(answer, 400, `${name} must be an RFC3339 timestamp (e.g. 2006-01-02T15:04:05Z)`);
    }
  });

  it('refuses malformed ids, and knows no entry of another id', async () => {
    expectApiError(await app.request(`${PATH}/nonsense`, { key: admin }), 400, 'Invalid audit log ID');
    expectApiError(await app.request(`${PATH}?user_id=nonsense`, { key: admin }), 400, 'Invalid user ID');
    const absent = await app.request(`${PATH}/${randomUUID()}`, { key: admin });
    expectApiError(absent, 404, 'Audit log entry not found');
  });

  it('shows entries of other organizations, and of none, to platform administrators only', async () => {
    await record(foreign, 'of the foreign one');
    await record(null, 'of the platform');
    await record(own, 'of the own one');
    const ids = idsOf(await list('?resource_type=policy', auditor));
    expect(ids).toContain('of the own one');
    expect(ids).not.toContain('of the foreign one');
    expect(ids).not.toContain('of the platform');
    expect((await exportOf('', auditor)).every((entry) => entry.organization_id === own)).toBe(true);
    const all = await list('?resource_type=policy');
    expect(idsOf(all)).toEqual(expect.arrayContaining(['of the foreign one', 'of the platform']));
    const hidden = all.logs.find((entry) => entry.resource_id === 'of the foreign one')!;
    const answer = await app.request(`${PATH}/${hidden.id}`, { key: auditor });
    expectApiError(answer, 404, 'Audit log entry not found');
  });

  it('is closed to everybody without audit:read', async () => {
    const reader = await app.issueKey('modules:read', own);
    for (const path of [PATH, `${PATH}/export`, `${PATH}/${randomUUID()}`]) {
      expect((await app.request(path)).status).toBe(401);
      const answer = await app.request(path, { key: reader });
      expectApiError(answer, 403, 'Missing required scope', { details: 'Required scope: audit:read' });
    }
  });

  it('exports more than one reading holds, complete and in order', async () => {
    await app.get(Transactions).run(async () => {
      for (let index = 0; index < 1_234; index += 1) {
        await app.get(AuditLog).record({ resource: 'storage', resourceId: `${index}`, organizationId: own });
      }
    });
    const entries = await exportOf('?resource_type=storage', auditor);
    expect(entries.map((entry) => entry.resource_id)).toEqual(
      Array.from({ length: 1_234 }, (_, index) => String(index)),
    );
  });
});
