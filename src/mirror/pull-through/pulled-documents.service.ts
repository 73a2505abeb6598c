import { Injectable } from '@nestjs/common';
import type { Mirror } from '../domain/mirror.js';
import { PullLinks } from './pull-links.service.js';
import { type PulledAddress, PullThrough } from './pull-through.service.js';

/** The index of the network mirror (REST contract 6.3). */
export interface MirrorIndex {
  readonly versions: Readonly<Record<string, object>>;
}

/** The archives of a version, by `os_arch` (REST contract 6.3). */
export interface MirrorArchives {
  readonly archives: Readonly<Record<string, { readonly url: string; readonly hashes: readonly string[] }>>;
}

/**
 * The documents of the network mirror where more can be had than is here: what is prepared, and what the upstream has.
 * Both always describe the same versions, and what is here is said even when the upstream fails.
 */
@Injectable()
export class PulledDocuments {
  constructor(
    private readonly pulled: PullThrough,
    private readonly links: PullLinks,
  ) {}

  /** The index; `undefined` when there is nothing. `held` is the prepared one. Throws like `PullThrough.versions`. */
  async index(
    mirror: Mirror,
    address: PulledAddress,
    held: MirrorIndex | undefined,
  ): Promise<MirrorIndex | undefined> {
    const isNeeded = held === undefined;
    const offered = await this.pulled.versions(mirror, address, isNeeded);
    if (isNeeded && offered.length === 0) return undefined;
    return {
      versions: { ...held?.versions, ...Object.fromEntries(offered.map((version) => [version, {}])) },
    };
  }

  /**
   * The archives of a version; `undefined` when there are none. What is to be fetched has the hash that its makers signed.
   * Throws like `PullThrough.digests`.
   */
  async version(
    mirror: Mirror,
    address: PulledAddress,
    version: string,
    held: MirrorArchives | undefined,
  ): Promise<MirrorArchives | undefined> {
    const isNeeded = held === undefined;
    const digests = await this.pulled.digests(mirror, address, version, isNeeded);
    const offered = Object.entries(digests).map(([platform, digest]) => {
      const url = this.links.packageUrl({ ...address, version, platform });
      return [platform, { url, hashes: [`zh:${digest}`] }] as const;
    });
    if (isNeeded && offered.length === 0) return undefined;
    return { archives: { ...Object.fromEntries(offered), ...held?.archives } };
  }
}
