import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../kernel/errors.js';
import { Transactions } from '../platform/database/transactions.js';
import { ProviderUnavailable } from './domain/sign-in.errors.js';
import { GroupRoles } from './group-roles.service.js';
import { IdentityProviders } from './identity-providers.js';
import { IdentitySettings } from './identity-settings.service.js';
import type { DueSession } from './persistence/session-renewals.repository.js';
import { SessionRenewals } from './session-renewals.service.js';
import { Sessions } from './sessions.service.js';

const AT_ONCE = 8;

/**
 * Asks identity providers again about the people who are signed in, and gives them the roles that follow from their
 * groups now (threat B15). Who may not go on there is signed out here.
 */
@Injectable()
export class GroupSync {
  private readonly logger = new Logger('GroupSync');

  constructor(
    private readonly renewals: SessionRenewals,
    private readonly settings: IdentitySettings,
    private readonly providers: IdentityProviders,
    private readonly groupRoles: GroupRoles,
    private readonly sessions: Sessions,
    private readonly transactions: Transactions,
  ) {}

  /**
   * Asks about every session whose provider was not asked for `ageMs`. Of people whose provider does not answer
   * nothing changes; it is left alone until the next run.
   */
  async run(ageMs: number, signal: AbortSignal): Promise<void> {
    const silent = new Set<string>();
    while (!signal.aborted) {
      const due = await this.renewals.claim(AT_ONCE, ageMs, silent);
      if (due.length === 0) return;
      await Promise.all(due.map((session) => this.trySync(session, silent)));
    }
  }

  private async trySync(session: DueSession, silent: Set<string>): Promise<void> {
    try {
      await this.sync(session);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const { identityId } = session;
      if (silent.has(identityId)) return;
      if (error instanceof ProviderUnavailable) silent.add(identityId);
      const message = 'The groups of somebody who is signed in could not be read again';
      this.logger.warn({ message, identity: identityId, session: session.id, reason: error.message });
    }
  }

  private async sync(session: DueSession): Promise<void> {
    const { id, userId, issuer, subject } = session;
    const configuration = await this.settings.renewing(session.provider, session.identityId);
    if (configuration === undefined) return;
    const refreshToken = this.renewals.tokenOf(session);
    const provider = this.providers.for(configuration.providerType);
    const renewed = await provider.renew(configuration, { issuer, subject, refreshToken });
    if (renewed === undefined) {
      this.logger.log({ message: 'The identity provider ended a sign-in', session: id });
      await this.sessions.end(id);
      return;
    }
    await this.transactions.run(async () => {
      await this.groupRoles.apply(userId, renewed.groups, configuration);
      await this.renewals.keep(id, renewed.refreshToken);
    });
  }
}
