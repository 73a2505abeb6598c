import { Injectable } from '@nestjs/common';
import { ServerConfig } from '../../config/server.config.js';
import { StorageConfig } from '../../config/storage.config.js';
import { Clock } from '../../kernel/clock.js';
import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import type { Version } from '../../kernel/terraform/version.js';
import { SignedLink, type SignedLinkQuery } from '../../platform/crypto/signed-link.js';
import { PullLinkInvalid } from '../domain/pull-through.errors.js';

/**
 * URLs of modules that are fetched when somebody uses them. They prove themselves, because clients fetch archives without
 * credentials, and name one version and an expiry.
 */
@Injectable()
export class ModulePullLinks {
  private readonly origin: string;

  constructor(
    private readonly links: SignedLink,
    private readonly clock: Clock,
    private readonly storage: StorageConfig,
    server: ServerConfig,
  ) {
    this.origin = server.baseUrl.replace(/\/+$/, '');
  }

  /** An absolute URL that lives as long as those of stored archives, and ends in what clients unpack. */
  urlOf(address: ModuleAddress, version: Version): string {
    const expires = Math.ceil((this.clock.now().getTime() + this.storage.urlTtlMs) / 1000);
    const path = `${address.protocolPath}/${version.text}/pull/${address.name}.tar.gz`;
    return `${this.origin}${path}?${this.links.sign(keyOf(address, version), expires)}`;
  }

  /** Throws {@link PullLinkInvalid} unless `query` opens exactly this version now. */
  verify(address: ModuleAddress, version: Version, query: SignedLinkQuery): void {
    const verdict = this.links.verify(keyOf(address, version), query);
    if (verdict !== 'valid') throw new PullLinkInvalid(verdict === 'expired');
  }
}

/** No object key begins like this. */
function keyOf(address: ModuleAddress, version: Version): string {
  return `pull-module/${address.toString()}/${version.text}`;
}
