import { Injectable } from '@nestjs/common';
import { ServerConfig } from '../../config/server.config.js';
import { StorageConfig } from '../../config/storage.config.js';
import { Clock } from '../../kernel/clock.js';
import { SignedLink, type SignedLinkQuery } from '../../platform/crypto/signed-link.js';
import { PullLinkInvalid } from '../domain/pull-through.errors.js';

/** A package of an upstream. */
export interface PulledPackageAddress {
  readonly host: string;
  readonly namespace: string;
  readonly type: string;
  /** The exact text of the upstream. */
  readonly version: string;
  /** `os_arch` */
  readonly platform: string;
}

/**
 * URLs of packages that are fetched when somebody uses them. They prove themselves, because clients fetch archives
 * without credentials (protocol checklist 102), and name one package and an expiry.
 */
@Injectable()
export class PullLinks {
  private readonly origin: string;

  constructor(
    private readonly links: SignedLink,
    private readonly clock: Clock,
    private readonly storage: StorageConfig,
    server: ServerConfig,
  ) {
    this.origin = server.baseUrl.replace(/\/+$/, '');
  }

  /** An absolute URL that lives as long as those of the network mirror. */
  urlOf(address: PulledPackageAddress): string {
    const expires = Math.ceil((this.clock.now().getTime() + this.storage.mirrorUrlTtlMs) / 1000);
    const { host, namespace, type, version, platform } = address;
    const path = [host, namespace, type, version, 'pull', platform].map(encodeURIComponent).join('/');
    return `${this.origin}/terraform/providers/${path}?${this.links.sign(keyOf(address), expires)}`;
  }

  /** Throws {@link PullLinkInvalid} unless `query` opens exactly this package now. */
  verify(address: PulledPackageAddress, query: SignedLinkQuery): void {
    const verdict = this.links.verify(keyOf(address), query);
    if (verdict !== 'valid') throw new PullLinkInvalid(verdict === 'expired');
  }
}

/** No object key begins like this. */
function keyOf({ host, namespace, type, version, platform }: PulledPackageAddress): string {
  return `pull/${host}/${namespace}/${type}/${version}/${platform}`;
}
