import { Injectable } from '@nestjs/common';
import { MirrorGate } from '../domain/mirror-gate.js';
import { UpstreamNotFound } from '../domain/mirror.errors.js';
import type { Mirror } from '../domain/mirror.js';
import type { ProviderName } from '../domain/name-filter.js';
import type { OfferedVersion, ProviderOffer } from '../domain/pulled-offer.js';
import { MirroredListingsRepository, type SeenVersion } from '../persistence/mirrored-listings.repository.js';
import { MirrorPlanning } from '../sync/mirror-planning.service.js';
import type { PlannedProvider } from '../sync/planned-provider.js';
import { failedQuestion } from './failed-question.js';
import { pulledFilters } from './pulled-filters.js';
import { PulledUpstreams } from './pulled-upstreams.service.js';
import { UpstreamAnswers } from './upstream-answers.service.js';

/**
 * What upstreams have of a provider that is not here: what a run of the mirror would fetch now. The upstream is asked once
 * for all processes, and not again for a while; also that it has nothing is remembered.
 */
@Injectable()
export class ProviderOffers {
  constructor(
    private readonly answers: UpstreamAnswers,
    private readonly upstreams: PulledUpstreams,
    private readonly planning: MirrorPlanning,
    private readonly listings: MirroredListingsRepository,
    private readonly gates: MirrorGate,
  ) {}

  /** Throws `UpstreamQuestionPending`. */
  of(mirror: Mirror, name: ProviderName): Promise<ProviderOffer> {
    return this.answers.get<ProviderOffer>({
      key: `offer ${mirror.id} ${mirror.updatedAt.getTime()} ${name.namespace}/${name.type}`,
      ask: (signal) => this.ask(mirror, name, signal),
      lifeOf: ({ kind }, lives) =>
        kind === 'offered'
          ? lives.pullThroughMemoryMs
          : kind === 'absent'
            ? lives.pullThroughAbsenceMs
            : lives.pullThroughTroubleMs,
    });
  }

  private async ask(mirror: Mirror, name: ProviderName, signal: AbortSignal): Promise<ProviderOffer> {
    try {
      const service = await this.upstreams.service(mirror);
      const filters = pulledFilters(mirror);
      const planned = await this.planning.provider(mirror, { service, filters }, name, {
        signal,
        remember: ({ versions }) =>
          this.remember(
            mirror,
            name,
            versions.map(({ text }) => text),
          ),
      });
      // A list that did not change since a run left nothing to do has nothing that is missing here.
      if (planned.kind === 'unchanged') return { kind: 'offered', versions: {} };
      if (planned.plan.leftOut.some(({ reason }) => reason === 'needs-approval'))
        await this.gates.request(mirror, name);
      const isRefused = planned.plan.leftOut.some(({ what }) => what === undefined);
      return isRefused ? { kind: 'absent' } : { kind: 'offered', versions: versionsOf(planned) };
    } catch (error) {
      if (error instanceof UpstreamNotFound) return { kind: 'absent' };
      return failedQuestion(error);
    }
  }

  /** Since when a version is listed counts from the first time that somebody asks. */
  private async remember(
    mirror: Mirror,
    name: ProviderName,
    versions: readonly string[],
  ): Promise<ReadonlyMap<string, SeenVersion>> {
    const id = await this.listings.ensure(mirror, name);
    await this.listings.see(id, versions);
    return this.listings.seen(id);
  }
}

function versionsOf({ plan }: PlannedProvider): Record<string, OfferedVersion> {
  return Object.fromEntries(
    plan.releases.map(({ version, platforms, admission }) => {
      const { needsKnownKey, isAutoApproved } = admission;
      return [version.text, { platforms: platforms.map(({ key }) => key), needsKnownKey, isAutoApproved }];
    }),
  );
}
