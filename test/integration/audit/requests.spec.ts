import { Controller, Get, Post } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Audited, NotAudited } from '../../../src/access/audited.decorator.js';
import { Open } from '../../../src/access/route-access.decorator.js';
import { AuditLog } from '../../../src/audit/audit-log.service.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { aModule, moduleApiPath, moduleProtocolPath } from '../../support/factories/module.factory.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { TestApp } from '../../support/test-app.js';
import { startAudited } from './support/audited-application.js';

class Inherited {
  @Open()
  @Post('inherited')
  forgotten() {
    return {};
  }
}

@Controller('silent')
class Silent extends Inherited {
  @Open()
  @Get()
  show() {
    return {};
  }

  @Open()
  @Post()
  change() {
    return {};
  }
}

@Controller('changes')
class Changes {
  constructor(
    private readonly audit: AuditLog,
    private readonly transactions: Transactions,
  ) {}

  @Open()
  @Post('recorded')
  @Audited('policy')
  async recorded() {
    const record = { resource: 'policy' as const, resourceId: '1', organizationId: null };
    await this.transactions.run(() => this.audit.record(record));
    return {};
  }

  @Open()
  @Post('forgotten')
  @Audited('policy')
  forgotten() {
    return {};
  }

  @Open()
  @Post('idle')
  @Audited('policy')
  idle() {
    this.audit.nothingChanged();
    return {};
  }

  @Open()
  @Post('asked')
  @NotAudited('a question')
  asked() {
    return {};
  }
}

describe('routes that change something', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('say what they record, or the application does not start and names them (I12)', async () => {
    await expect(startAudited(database, [Silent, Changes])).rejects.toThrow(
      /do not say what is recorded: Silent\.change, Silent\.forgotten\./,
    );
  });

  it('leave an error in the log when one succeeded without a record', async () => {
    const server = await startAudited(database, [Changes]);
    const errorsAfter = async (route: string): Promise<string[]> => {
      const before = server.lines.length;
      expect((await fetch(`${server.url}/changes/${route}`, { method: 'POST' })).status).toBe(201);
      return server.lines.slice(before).filter((line) => line.includes('left no audit record'));
    };
    expect(await errorsAfter('recorded')).toEqual([]);
    expect(await errorsAfter('idle')).toEqual([]);
    expect(await errorsAfter('asked')).toEqual([]);
    const [error] = await errorsAfter('forgotten');
    expect(JSON.parse(error!)).toMatchObject({
      level: 'error',
      msg: 'POST /changes/forgotten succeeded and left no audit record',
    });
    await server.stop();
  });
});

describe('requests that change nothing', () => {
  let app: TestApp | undefined;
  afterEach(() => app?.stop());

  interface Row {
    action: string;
    user_name: string | null;
    resource_id: string | null;
    metadata: Record<string, unknown>;
  }
  const rows = (where = 'true'): Promise<Row[]> =>
    app!.query(`SELECT * FROM audit_entries WHERE ${where} ORDER BY created_at, id`);

  it('are recorded when the settings say so: reads, also those that memory could answer, and refusals', async () => {
    app = await TestApp.start({
      TFR_AUDIT_LOG_READ_OPERATIONS: 'true',
      TFR_AUDIT_LOG_FAILED_REQUESTS: 'true',
    });
    const module = aModule();
    await app.publishModule(module);
    const versions = `${moduleProtocolPath(module)}/versions`;
    for (let time = 0; time < 3; time += 1) await app.request(versions, { lean: true });
    await app.request(moduleApiPath(module), { method: 'DELETE', key: 'tfr_nonsense' });
    await app.request('/health');
    const route = "action LIKE 'GET /v1/modules/%versions'";
    await expect.poll(async () => (await rows(route)).length, { timeout: 10_000 }).toBe(3);
    await expect
      .poll(() => rows("metadata->>'status_code' = '401'"), { timeout: 10_000 })
      .toMatchObject([{ action: 'DELETE /api/v1/modules/:namespace/:name/:system' }]);
    expect(await rows("action LIKE '%health%'")).toEqual([]);
  });

  it('are not recorded otherwise, except downloads', async () => {
    app = await TestApp.start();
    const module = aModule();
    await app.publishModule(module);
    await app.request(`${moduleProtocolPath(module)}/versions`, { lean: true });
    await app.request(`${moduleProtocolPath(module)}/1.0.0/download`, { lean: true });
    await app.request(moduleApiPath(module), { method: 'DELETE' });
    await expect.poll(async () => (await rows("actor_kind <> 'system'")).length, { timeout: 15_000 }).toBe(2);
    expect((await rows("actor_kind <> 'system'")).map(({ action }) => action)).toEqual([
      'POST /api/v1/modules',
      'GET /v1/modules/:namespace/:name/:system/:version/download',
    ]);
  });

  it('name who downloads, whether memory answers or the router, in public and in private', async () => {
    app = await TestApp.start();
    const module = aModule();
    await app.publishModule(module);
    const path = `${moduleProtocolPath(module)}/1.0.0/download`;
    const key = await app.issueKey('modules:read');
    for (let time = 0; time < 3; time += 1) {
      expect((await app.request(path, { lean: true, key })).status).toBe(204);
    }
    expect((await app.request(path, { key })).status).toBe(204);
    expect((await app.request(path, { lean: true, key: 'tfr_nonsense' })).status).toBe(204);
    expect(
      (await app.request(path, { lean: true, headers: { 'x-forwarded-for': '192.0.2.9' } })).status,
    ).toBe(204);
    const downloads = "resource_type = 'module' AND action LIKE 'GET%'";
    await expect.poll(async () => (await rows(downloads)).length, { timeout: 15_000 }).toBe(6);
    const found: (Row & { ip_address: string; organization_id: string })[] = (await rows(downloads)) as never;
    expect(found.map((row) => row.user_name)).toEqual(['ci', 'ci', 'ci', 'ci', null, null]);
    expect(found.map((row) => row.ip_address)).toEqual([
      ...Array.from({ length: 5 }, () => '127.0.0.1'),
      '192.0.2.9',
    ]);
    expect(found.map((row) => row.metadata['client_version'])).toEqual([
      ...['1.11.4', '1.11.4', '1.11.4', undefined, '1.11.4', '1.11.4'],
    ]);
    const [version] = await app.query<{ id: string }>('SELECT id FROM module_versions');
    expect(new Set(found.map((row) => row.resource_id))).toEqual(new Set([version!.id]));
  });

  it('leave no credential of any kind anywhere in the log (J4)', async () => {
    app = await TestApp.start({
      TFR_AUDIT_LOG_READ_OPERATIONS: 'true',
      TFR_AUDIT_LOG_FAILED_REQUESTS: 'true',
    });
    const module = aModule();
    await app.publishModule(module);
    const key = await app.issueKey('modules:read');
    const canary = 'TESTONLYcanary0123456789';
    const link = (await app.request(`${moduleProtocolPath(module)}/1.0.0/download`, { key })).headers[
      'x-terraform-get'
    ];
    await app.request(moduleApiPath(module), { key });
    await app.request(moduleApiPath(module), { key: `tfr_${canary}${'x'.repeat(19)}` });
    await app.request(`/api/v1/${canary}`, { headers: { cookie: `tfr_session=${canary}` } });
    await app.request(`/health?token=${canary}`, { headers: { 'user-agent': `Bearer ${canary}` } });
    await app.request(`${moduleApiPath(module)}?note=${canary}`, {
      headers: { authorization: `Basic ${canary}` },
    });
    await app.get(Transactions).run(() =>
      app!.get(AuditLog).record({
        resource: 'oidc',
        resourceId: null,
        organizationId: null,
        before: { client_secret: canary },
        after: { nested: [{ password: canary, note: `Bearer ${canary}` }] },
        metadata: { webhook_token: canary },
      }),
    );
    await expect.poll(async () => (await rows("resource_type = 'oidc'")).length).toBe(1);
    await expect
      .poll(async () => (await rows('resource_type IS NULL')).length, { timeout: 10_000 })
      .toBeGreaterThan(3);
    const everything = JSON.stringify(await rows());
    expect(everything).not.toContain(canary);
    expect(everything).not.toContain(key.slice(4));
    expect(everything).not.toContain(new URL(String(link)).searchParams.get('signature'));
  });
});
