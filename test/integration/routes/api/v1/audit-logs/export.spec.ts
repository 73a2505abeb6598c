import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditLog } from '../../../../../../src/audit/audit-log.service.js';
import { AuditEntriesRepository } from '../../../../../../src/audit/persistence/audit-entries.repository.js';
import { Transactions } from '../../../../../../src/platform/database/transactions.js';
import { TestApp } from '../../../../../support/test-app.js';

const ENTRIES = 10_000;
const ROWS_PER_READ = 500;

describe('exporting a large audit log', () => {
  let app: TestApp;
  let readings = 0;

  beforeAll(async () => {
    app = await TestApp.start();
    const note = 'x'.repeat(4_000);
    for (let done = 0; done < ENTRIES; done += 2_000) {
      await app.get(Transactions).run(async () => {
        for (let index = 0; index < 2_000; index += 1) {
          await app.get(AuditLog).record({
            resource: 'storage',
            resourceId: `${done + index}`,
            organizationId: null,
            metadata: { note },
          });
        }
      });
    }
    const repository = app.get(AuditEntriesRepository);
    const following = repository.following.bind(repository);
    repository.following = (...wanted) => {
      readings += 1;
      return following(...wanted);
    };
  }, 120_000);
  afterAll(() => app?.stop());

  it('reads only as fast as the client takes it, and is complete in the end', async () => {
    const key = await app.issueKey('admin');
    const response = await new Promise<IncomingMessage>((done, fail) => {
      const url = `${app.url}/api/v1/admin/audit-logs/export?resource_type=storage`;
      get(url, { headers: { authorization: `Bearer ${key}` }, agent: false }, done).on('error', fail);
    });
    // Nobody reads: what the sockets hold is taken, then everything waits.
    let seen = -1;
    const isStill = (): boolean => {
      const was = seen;
      seen = readings;
      return was === seen && seen > 0;
    };
    await expect.poll(isStill, { timeout: 30_000, interval: 500 }).toBe(true);
    expect(seen).toBeLessThan(ENTRIES / ROWS_PER_READ / 2);
    let text = '';
    for await (const part of response) text += String(part);
    const ids = text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { resource_id: string }).resource_id);
    expect(ids).toEqual(Array.from({ length: ENTRIES }, (_, index) => String(index)));
    expect(readings).toBeGreaterThanOrEqual(ENTRIES / ROWS_PER_READ);
  });
});
