import { Injectable } from '@nestjs/common';
import { InvalidInput } from '../kernel/invalid-input.js';
import { isUuid } from '../kernel/uuid.js';
import { Transactions } from '../platform/database/transactions.js';
import { AuditLog } from './audit-log.service.js';
import { PERSON_ERASED } from './domain/audit-actions.js';
import { AuditRemovalRepository } from './persistence/audit-removal.repository.js';

/**
 * Takes a person out of the audit log (threat J7): address, name and what names them, with the salt of the digest
 * that stays in the chain. What happened, when, and to what remains, under the bare id of the user.
 */
@Injectable()
export class EraseFromAudit {
  constructor(
    private readonly transactions: Transactions,
    private readonly removal: AuditRemovalRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Answers how many entries named the person. Throws `InvalidInput` for what is no id of a user. */
  async erase(userId: string): Promise<number> {
    if (!isUuid(userId)) throw new InvalidInput('The id of a user is a UUID');
    const id = userId.toLowerCase();
    return this.transactions.run(async () => {
      const count = await this.removal.erasePerson(id);
      await this.audit.record({
        resource: 'user',
        resourceId: id,
        organizationId: null,
        action: PERSON_ERASED,
        metadata: { entries: count },
      });
      return count;
    });
  }
}
