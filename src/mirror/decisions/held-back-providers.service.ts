import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/transactions.js';
import { MirroredProviders } from '../../providers/mirrored-providers.service.js';
import type { MirroredKey } from '../domain/decision-scope.js';
import { obstacleToOffering, type ProviderDecision } from '../domain/provider-decision.js';
import {
  MirrorDecisionsRepository,
  type MirroredStanding,
} from '../persistence/mirror-decisions.repository.js';
import { MirrorsRepository } from '../persistence/mirrors.repository.js';
import { ProviderDecisions } from './provider-decisions.service.js';

/** Takes back what policies and approvals no longer allow, and offers again what they allow again. */
@Injectable()
export class HeldBackProviders {
  constructor(
    private readonly transactions: Transactions,
    private readonly standings: MirrorDecisionsRepository,
    private readonly decisions: ProviderDecisions,
    private readonly mirrors: MirrorsRepository,
    private readonly providers: MirroredProviders,
  ) {}

  /** Brings one provider in line with what holds now; a second time it changes nothing. */
  async settle(key: MirroredKey): Promise<void> {
    await this.transactions.run(async () => {
      // What is read after this lock is at least as new as what the holder before has read.
      await this.standings.lockProvider(key);
      const standing = await this.standings.standingOf(key);
      if (standing === null) return;
      const reason = await this.reasonFor(key, standing);
      if (reason === 'unchanged' || reason.text === standing.heldBackReason) return;
      await this.providers.holdBack(key, reason.text);
    });
  }

  private async reasonFor(
    key: MirroredKey,
    standing: MirroredStanding,
  ): Promise<'unchanged' | { readonly text: string | null }> {
    const decided = await this.decidedBy(standing.mirrorIds, key);
    const obstacle = decided.length > 0 ? obstacleToOffering(decided, standing.versions) : undefined;
    if (decided.length > 0 && (obstacle === undefined || !standing.isWithoutMirror)) {
      return { text: obstacle ?? null };
    }
    // The approvals of a deleted mirror went with it: what waits for one stays as it was.
    const verdict = await this.decisions.verdictOf(standing.isShared ? null : standing.organizationId, key);
    if (verdict.isAllowed) return verdict.requiresApproval ? 'unchanged' : { text: null };
    return { text: obstacle ?? verdict.reason };
  }

  private async decidedBy(mirrorIds: readonly string[], key: MirroredKey): Promise<ProviderDecision[]> {
    const decided: ProviderDecision[] = [];
    for (const id of mirrorIds) {
      const mirror = await this.mirrors.find(id);
      if (mirror !== null) decided.push(await this.decisions.of(mirror, key));
    }
    return decided;
  }
}
