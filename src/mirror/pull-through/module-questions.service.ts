import { Injectable } from '@nestjs/common';
import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import { Mirrors } from '../configuration/mirrors.service.js';
import { UpstreamNotFound } from '../domain/mirror.errors.js';
import type { Mirror } from '../domain/mirror.js';
import type { ModuleListing, ModuleVerdict } from '../domain/pulled-module.js';
import type { FailedQuestion } from '../domain/pulled-offer.js';
import { PulledModuleVersionsRepository } from '../persistence/pulled-module-versions.repository.js';
import {
  ModuleRegistryClient,
  type ModuleService,
  type ModuleSource,
} from '../upstream/module-registry-client.js';
import { failedQuestion } from './failed-question.js';
import { type AnswerLives, UpstreamAnswers } from './upstream-answers.service.js';

/** What upstreams are asked about modules: once for all processes, and not again for a while. */
@Injectable()
export class ModuleQuestions {
  constructor(
    private readonly answers: UpstreamAnswers,
    private readonly mirrors: Mirrors,
    private readonly registry: ModuleRegistryClient,
    private readonly seen: PulledModuleVersionsRepository,
  ) {}

  /** The versions that the upstream lists; since when counts from the first time that somebody asks. */
  listing(mirror: Mirror, address: ModuleAddress): Promise<ModuleListing> {
    return this.answers.get<ModuleListing>({
      key: `module ${mirror.id} ${mirror.updatedAt.getTime()} ${address.toString()}`,
      ask: (signal) =>
        answered(async () => {
          const versions = await this.registry.versions(await this.service(mirror), address, signal);
          await this.seen.see(mirror.id, address, versions);
          return { kind: 'listed', versions };
        }),
      lifeOf,
    });
  }

  /**
   * Whether the upstream names an address for a version that this server can fetch. Only that is kept: the address may
   * hold a credential.
   */
  fetchable(mirror: Mirror, address: ModuleAddress, version: string): Promise<ModuleVerdict> {
    return this.answers.get<ModuleVerdict>({
      key: `module source ${mirror.id} ${mirror.updatedAt.getTime()} ${address.toString()} ${version}`,
      ask: (signal) =>
        answered(async () => {
          await this.source(mirror, address, version, signal);
          return { kind: 'good' };
        }),
      lifeOf,
    });
  }

  /** Asks the upstream where a version is. Throws a `MirrorFailure`. */
  async source(
    mirror: Mirror,
    { namespace, name, system }: ModuleAddress,
    version: string,
    signal: AbortSignal,
  ): Promise<ModuleSource> {
    const service = await this.service(mirror);
    return this.registry.source(service, { namespace, name, system, version }, signal);
  }

  private async service(mirror: Mirror): Promise<ModuleService> {
    const upstream = await this.mirrors.upstreamOf(mirror);
    const base = await this.answers.get<string>({
      key: `module service ${mirror.id} ${mirror.upstreamUrl}`,
      ask: async (signal) => (await this.registry.discover(upstream, signal)).baseUrl.href,
      lifeOf: (_, { pullThroughMemoryMs }) => pullThroughMemoryMs,
    });
    return { upstream, baseUrl: new URL(base) };
  }
}

type Unusable = { readonly kind: 'absent' } | FailedQuestion;

async function answered<T>(ask: () => Promise<T>): Promise<T | Unusable> {
  try {
    return await ask();
  } catch (error) {
    return error instanceof UpstreamNotFound ? { kind: 'absent' } : failedQuestion(error);
  }
}

function lifeOf(answer: { readonly kind: string } | FailedQuestion, lives: AnswerLives): number {
  if (answer.kind === 'failed') {
    return (answer as FailedQuestion).isTransient ? lives.pullThroughTroubleMs : lives.pullThroughAbsenceMs;
  }
  return answer.kind === 'absent' ? lives.pullThroughAbsenceMs : lives.pullThroughMemoryMs;
}
