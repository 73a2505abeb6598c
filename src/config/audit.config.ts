import type { AuditShipper } from './audit-shipper.js';
import { Setting } from './setting.decorator.js';

/** What is recorded beside changes, how long, and where records are sent. */
export class AuditConfig {
  @Setting({ key: 'audit.enabled', type: 'bool', description: 'false records nothing at all.' })
  readonly enabled: boolean = true;

  @Setting({
    key: 'audit.log_read_operations',
    type: 'bool',
    description: 'Records reading requests too. They are then answered by the router, which is slower.',
  })
  readonly logReadOperations: boolean = false;

  @Setting({
    key: 'audit.log_failed_requests',
    type: 'bool',
    description: 'Records requests that were refused or failed.',
  })
  readonly logFailedRequests: boolean = false;

  @Setting({
    key: 'audit.log_downloads',
    type: 'bool',
    description: 'Records each download of a module, provider or binary.',
  })
  readonly logDownloads: boolean = true;

  @Setting({
    key: 'audit.retention_days',
    type: 'int',
    min: 0,
    max: 36_500,
    description: 'Days after which records are removed; 0 keeps them.',
  })
  readonly retentionDays: number = 0;

  @Setting({
    key: 'audit.shippers',
    type: 'json',
    description:
      'Where records are sent besides the database: a list of syslog, webhook and file shippers. A header value may be `${NAME}`.',
  })
  readonly shippers: readonly AuditShipper[] = [];
}
