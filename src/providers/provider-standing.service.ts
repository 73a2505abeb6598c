import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import type { VersionState, WithdrawMode } from '../kernel/terraform/version-life.js';
import { isQuarantined, quarantine, restore, withdraw } from '../kernel/terraform/version-standing.js';
import { OrganizationScopeMissing } from '../orgs/domain/organizations.errors.js';
import { ProviderVersionNotFound } from './domain/providers.errors.js';
import { ProviderVersionChange, type ProviderVersionTarget } from './provider-version-change.js';
import { ProviderVersionsRepository } from './persistence/provider-versions.repository.js';

/**
 * Withdraws, quarantines and restores versions (REST contract 30.1). Each answers with the state that the version
 * has then, and throws `VersionStateConflict` when its state does not allow the change.
 */
@Injectable()
export class ProviderStanding {
  constructor(
    private readonly changes: ProviderVersionChange,
    private readonly versions: ProviderVersionsRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes a version out of lists and search, and with `refuse` out of downloads.
   *
   * @throws ProviderNotFound, ProviderVersionNotFound, VersionStateConflict
   */
  async withdraw(target: ProviderVersionTarget, reason: string, mode: WithdrawMode): Promise<VersionState> {
    const { state } = await this.changes.run(target, (row) =>
      this.versions.changeStanding(row.id, withdraw(row, reason, mode)),
    );
    return state;
  }

  /**
   * Stops every download of a version in every process, signed URLs of this server among them. The grant is that of
   * an administrator.
   *
   * @throws ProviderNotFound, ProviderVersionNotFound, VersionStateConflict
   */
  async quarantine(target: ProviderVersionTarget, reason: string): Promise<VersionState> {
    const { state } = await this.changes.run(target, (row) =>
      this.versions.changeStanding(row.id, quarantine(row, reason, this.clock.now())),
    );
    return state;
  }

  /**
   * Undoes the last of both. Only an administrator ends a quarantine, also that of a deleted version, which may then
   * be published again.
   *
   * @throws ProviderNotFound, ProviderVersionNotFound, VersionStateConflict, OrganizationScopeMissing
   */
  async restore(target: ProviderVersionTarget, isAdministrator: boolean): Promise<VersionState> {
    const { state } = await this.changes.run(
      target,
      async (row) => {
        if (row.state === 'deleted' && !isQuarantined(row))
          throw new ProviderVersionNotFound('Version not found');
        if (isQuarantined(row) && !isAdministrator) throw new OrganizationScopeMissing('admin');
        await this.versions.changeStanding(row.id, restore(row));
      },
      { withTombstones: true },
    );
    return state;
  }
}
