import { Injectable } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import type { Leadership } from './domain/leadership.js';
import { LastAdministrator } from './domain/users.errors.js';
import { MembershipsRepository } from './persistence/memberships.repository.js';

/**
 * The invariants of REST contract 3.3: an organization keeps an administrator, one that has owners keeps an owner,
 * and the platform keeps a platform administrator. They are checked under a lock of the organizations, so that
 * any number of simultaneous changes in any number of processes cannot break them together (threat C4).
 */
@Injectable()
export class OrgInvariants {
  constructor(
    private readonly transactions: Transactions,
    private readonly memberships: MembershipsRepository,
  ) {}

  /**
   * Runs a change of memberships or roles of these organizations in a transaction of its own or the surrounding
   * one. Throws {@link LastAdministrator}, and the transaction must then end.
   */
  protecting<T>(organizationIds: readonly string[], change: () => Promise<T>): Promise<T> {
    return this.transactions.run(async () => {
      await this.memberships.lockOrganizations(organizationIds);
      const before = await this.memberships.leadership(organizationIds);
      const result = await change();
      const after = await this.memberships.leadership(organizationIds);
      for (const now of after) {
        const was = before.find(({ organizationId }) => organizationId === now.organizationId);
        if (was !== undefined) assertKept(was, now);
      }
      return result;
    });
  }

  /** The same inside a surrounding transaction, undoing a change that would break an invariant. Whether it was made. */
  async permits(organizationId: string, change: () => Promise<void>): Promise<boolean> {
    await this.transactions.query('SAVEPOINT before_change');
    try {
      await this.protecting([organizationId], change);
      await this.transactions.query('RELEASE SAVEPOINT before_change');
      return true;
    } catch (error) {
      if (!(error instanceof LastAdministrator)) throw error;
      await this.transactions.query('ROLLBACK TO SAVEPOINT before_change');
      return false;
    }
  }
}

function assertKept(was: Leadership, now: Leadership): void {
  if (was.owners > 0 && now.owners === 0) throw LastAdministrator.of(now.organizationName, 'owner');
  if (was.administrators === 0 || now.administrators > 0) return;
  throw now.isDefault
    ? LastAdministrator.ofPlatform()
    : LastAdministrator.of(now.organizationName, 'administrator');
}
