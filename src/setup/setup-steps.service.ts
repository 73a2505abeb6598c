import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { Transactions } from '../platform/database/transactions.js';
import { SetupCompleted } from './domain/setup.errors.js';
import { SetupStateRepository } from './persistence/setup-state.repository.js';

const ACTOR = { userId: null, name: 'setup', email: null };

/** Runs the steps of the setup one after the other, and none after its end. */
@Injectable()
export class SetupSteps {
  constructor(
    private readonly states: SetupStateRepository,
    private readonly transactions: Transactions,
    private readonly changes: CacheInvalidation,
    private readonly audit: AuditLog,
  ) {}

  /** Makes `change` in one recorded transaction, unless the setup is over: then throws {@link SetupCompleted}. */
  run<T>(step: string, change: () => Promise<T>): Promise<T> {
    return this.transactions.run(async () => {
      if ((await this.states.lock()).completedAt !== null) throw new SetupCompleted();
      const result = await change();
      await this.audit.record({
        resource: 'setup',
        resourceId: null,
        organizationId: null,
        metadata: { step },
        actor: ACTOR,
      });
      this.changes.announce('settings');
      return result;
    });
  }
}
