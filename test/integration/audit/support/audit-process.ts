import { AuditLog } from '../../../../src/audit/audit-log.service.js';
import { AuditModule } from '../../../../src/audit/audit.module.js';
import { type AuditSink, AuditSinks } from '../../../../src/audit/audit-sink.js';
import { EraseFromAudit } from '../../../../src/audit/erase-from-audit.service.js';
import { ExpireAudit } from '../../../../src/audit/expire-audit.service.js';
import { AuditChainsRepository } from '../../../../src/audit/persistence/audit-chains.repository.js';
import { AuditRemovalRepository } from '../../../../src/audit/persistence/audit-removal.repository.js';
import { AuditShipmentsRepository } from '../../../../src/audit/persistence/audit-shipments.repository.js';
import { AuditVerificationRepository } from '../../../../src/audit/persistence/audit-verification.repository.js';
import { ShipAudit } from '../../../../src/audit/ship-audit.service.js';
import { VerifyAudit } from '../../../../src/audit/verify-audit.service.js';
import { AuditConfig } from '../../../../src/config/audit.config.js';
import { Transactions } from '../../../../src/platform/database/transactions.js';
import type { Metrics } from '../../../../src/platform/metrics/metrics.js';
import type { TestDatabase } from '../../../support/database.js';

/** The audit services of one process on a test database; several of them are several processes. */
export async function auditProcess(
  database: TestDatabase,
  settings: Partial<AuditConfig> = {},
  sinks: readonly AuditSink[] = [],
) {
  const dataSource = await database.open([...AuditModule.entities]);
  const config = Object.assign(new AuditConfig(), settings);
  const transactions = new Transactions(dataSource);
  const log = new AuditLog(config, new AuditChainsRepository(dataSource, transactions));
  const removal = new AuditRemovalRepository(dataSource);
  const noMetrics = {
    setAuditLag: () => undefined,
    countAuditShipment: () => undefined,
  } as unknown as Metrics;
  const shipments = new AuditShipmentsRepository(dataSource);
  return {
    dataSource,
    transactions,
    log,
    shipments,
    verification: new VerifyAudit(new AuditVerificationRepository(dataSource)),
    expiry: new ExpireAudit(config, transactions, removal, log),
    erasure: new EraseFromAudit(transactions, removal, log),
    shipping: new ShipAudit(new AuditSinks(sinks), shipments, noMetrics),
    /** Records a change of an organization (or of the platform) in a transaction of its own. */
    change: (organizationId: string | null, resourceId = 'something', more: object = {}) =>
      transactions.run(() => log.record({ resource: 'module', resourceId, organizationId, ...more })),
  };
}

export type AuditProcess = Awaited<ReturnType<typeof auditProcess>>;

/** Changes rows as somebody does who may switch triggers off. */
export async function tamper(
  { dataSource }: AuditProcess,
  statement: string,
  values: unknown[] = [],
): Promise<void> {
  await dataSource.transaction(async (manager) => {
    await manager.query('SET LOCAL session_replication_role = replica');
    await manager.query(statement, values);
  });
}
