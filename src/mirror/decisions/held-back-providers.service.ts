import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/transactions.js';
import { MirroredProviders } from '../../providers/mirrored-providers.service.js';
import { MirroredStanding } from '../../providers/mirrored-standing.service.js';
import type { MirroredKey } from '../domain/decision-scope.js';
import { heldBackOf, type ProviderDecision } from '../domain/provider-decision.js';
import {
  MirrorDecisionsRepository,
  type StandingOfMirrored,
} from '../persistence/mirror-decisions.repository.js';
import { MirrorsRepository } from '../persistence/mirrors.repository.js';
import { ProviderDecisions } from './provider-decisions.service.js';

const NOTHING: ReadonlyMap<string, string> = new Map();

/** Reasons; `null`: there is none any more; `undefined`: what holds goes on. */
interface Obstacles {
  readonly provider?: string | null;
  readonly versions?: ReadonlyMap<string, string>;
}

/** Takes back what policies and approvals no longer allow, and offers again what they allow again. */
@Injectable()
export class HeldBackProviders {
  constructor(
    private readonly transactions: Transactions,
    private readonly standings: MirrorDecisionsRepository,
    private readonly decisions: ProviderDecisions,
    private readonly mirrors: MirrorsRepository,
    private readonly providers: MirroredProviders,
    private readonly versions: MirroredStanding,
  ) {}

  /** Brings one provider in line with what holds now; a second time it changes nothing. */
  async settle(key: MirroredKey): Promise<void> {
    await this.transactions.run(async () => {
      // What is read after this lock is at least as new as what the holder before has read.
      await this.standings.lockProvider(key);
      const standing = await this.standings.standingOf(key);
      if (standing === null) return;
      const { provider, versions } = await this.obstaclesTo(key, standing);
      // Before the provider is offered again, what must not be offered of it is held back.
      if (versions && isOther(versions, standing.heldBackVersions)) {
        await this.versions.holdBack(key, versions);
      }
      if (provider !== undefined && provider !== standing.heldBackReason) {
        await this.providers.holdBack(key, provider);
      }
    });
  }

  /** What must not be offered; `undefined`: that stays as it is. */
  private async obstaclesTo(key: MirroredKey, standing: StandingOfMirrored): Promise<Obstacles> {
    const decided = await this.decidedBy(standing.mirrorIds, key);
    const { provider, versions } = heldBackOf(decided, standing.versions);
    const obstacle = provider ?? versions.values().next().value;
    if (decided.length > 0 && (obstacle === undefined || !standing.isWithoutMirror)) {
      return provider === undefined ? { provider: null, versions } : { provider };
    }
    // The approvals of a deleted mirror went with it: what waits for one stays as it was.
    const verdict = await this.decisions.verdictOf(standing.isShared ? null : standing.organizationId, key);
    if (verdict.isAllowed) return verdict.requiresApproval ? {} : { provider: null, versions: NOTHING };
    return { provider: obstacle ?? verdict.reason };
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

function isOther(
  wanted: ReadonlyMap<string, string>,
  present: readonly (readonly [string, string])[],
): boolean {
  return (
    wanted.size !== present.length || present.some(([version, reason]) => wanted.get(version) !== reason)
  );
}
