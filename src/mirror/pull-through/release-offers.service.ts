import { Injectable } from '@nestjs/common';
import { packageFilename } from '../../kernel/terraform/package-filename.js';
import { Platform } from '../../kernel/terraform/platform.js';
import { MirroredProviders } from '../../providers/mirrored-providers.service.js';
import { ReleaseKeyNotTrusted } from '../domain/mirror.errors.js';
import type { Mirror } from '../domain/mirror.js';
import type { ProviderName } from '../domain/name-filter.js';
import type { OfferedVersion, ReleaseOffer } from '../domain/pulled-offer.js';
import { MirrorKeys } from '../keys/mirror-keys.service.js';
import { ReleaseVerifier } from '../fetching/release-verifier.js';
import { RegistryClient } from '../upstream/registry-client.js';
import { failedQuestion } from './failed-question.js';
import { PulledUpstreams } from './pulled-upstreams.service.js';
import { UpstreamAnswers } from './upstream-answers.service.js';

/** The digests of packages that are not here, as the makers of the release signed them. Asked once for all processes. */
@Injectable()
export class ReleaseOffers {
  constructor(
    private readonly answers: UpstreamAnswers,
    private readonly upstreams: PulledUpstreams,
    private readonly registry: RegistryClient,
    private readonly verifier: ReleaseVerifier,
    private readonly keys: MirrorKeys,
    private readonly providers: MirroredProviders,
  ) {}

  /** What the checksums of an offered version say. Throws `UpstreamQuestionPending`. */
  of(mirror: Mirror, name: ProviderName, version: string, offered: OfferedVersion): Promise<ReleaseOffer> {
    const platforms = offered.platforms.join(' ');
    return this.answers.get<ReleaseOffer>({
      key: `release ${mirror.id} ${mirror.updatedAt.getTime()} ${name.namespace}/${name.type} ${version} ${platforms}`,
      ask: (signal) => this.ask(mirror, name, version, offered, signal),
      lifeOf: (answer, lives) =>
        answer.kind === 'offered'
          ? lives.pullThroughMemoryMs
          : answer.isTransient
            ? lives.pullThroughTroubleMs
            : lives.pullThroughAbsenceMs,
    });
  }

  private async ask(
    mirror: Mirror,
    name: ProviderName,
    version: string,
    { platforms, needsKnownKey }: OfferedVersion,
    signal: AbortSignal,
  ): Promise<ReleaseOffer> {
    try {
      const service = await this.upstreams.service(mirror);
      const trust = await this.keys.trustFor(mirror, name.namespace, needsKnownKey);
      const platform = Platform.parseKey(platforms[0]!);
      const document = await this.registry.packageDocument(service, { name, version, platform }, signal);
      const held = await this.providers.held({ host: mirror.upstreamHost, ...name });
      const ofVersion = held.filter((one) => one.version === version);
      const release = await this.verifier.verify(document, trust, ofVersion, signal);
      this.verifier.assertListed(document, release);
      const digests: Record<string, string> = {};
      for (const key of platforms) {
        const digest = release.entries.get(packageFilename(name.type, version, Platform.parseKey(key)));
        if (digest !== undefined) digests[key] = digest;
      }
      return { kind: 'offered', digests };
    } catch (error) {
      if (error instanceof ReleaseKeyNotTrusted) await this.keys.noteStranger(mirror, name.namespace, error);
      return failedQuestion(error);
    }
  }
}
