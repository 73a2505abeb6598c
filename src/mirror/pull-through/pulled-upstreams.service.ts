import { Injectable } from '@nestjs/common';
import type { Mirror } from '../domain/mirror.js';
import { Mirrors } from '../configuration/mirrors.service.js';
import { RegistryClient } from '../upstream/registry-client.js';
import type { ProviderService } from '../upstream/upstream-registry.js';
import { UpstreamAnswers } from './upstream-answers.service.js';

/** Where the upstreams of mirrors answer; they are not asked for that each time. */
@Injectable()
export class PulledUpstreams {
  constructor(
    private readonly answers: UpstreamAnswers,
    private readonly mirrors: Mirrors,
    private readonly registry: RegistryClient,
  ) {}

  /** Throws a `MirrorFailure`. */
  async service(mirror: Mirror): Promise<ProviderService> {
    const upstream = await this.mirrors.upstreamOf(mirror);
    const base = await this.answers.get<string>({
      key: `service ${mirror.id} ${mirror.upstreamUrl}`,
      ask: async (signal) => (await this.registry.discover(upstream, signal)).baseUrl.href,
      lifeOf: (_, { pullThroughMemoryMs }) => pullThroughMemoryMs,
    });
    return { upstream, baseUrl: new URL(base) };
  }
}
