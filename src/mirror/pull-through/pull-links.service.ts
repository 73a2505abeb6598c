import { Injectable } from '@nestjs/common';
import { ServerConfig } from '../../config/server.config.js';
import { StorageConfig } from '../../config/storage.config.js';
import { Clock } from '../../kernel/clock.js';
import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import type { Version } from '../../kernel/terraform/version.js';
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

/** What a link opens: where it is, and the name that is signed. */
interface Pulled {
  readonly path: string;
  readonly key: string;
}

/**
 * URLs of packages and modules that are fetched when somebody uses them. They prove themselves, because clients fetch
 * archives without credentials (protocol checklist 102), and name one archive and an expiry.
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
  packageUrl(address: PulledPackageAddress): string {
    return this.urlOf(packageAt(address), this.storage.mirrorUrlTtlMs);
  }

  /** An absolute URL that lives as long as those of stored archives, and ends in what clients unpack. */
  moduleUrl(address: ModuleAddress, version: Version): string {
    return this.urlOf(moduleAt(address, version), this.storage.urlTtlMs);
  }

  /** Throws {@link PullLinkInvalid} unless `query` opens exactly this package now. */
  verifyPackage(address: PulledPackageAddress, query: SignedLinkQuery): void {
    this.verify(packageAt(address), query);
  }

  /** Throws {@link PullLinkInvalid} unless `query` opens exactly this version now. */
  verifyModule(address: ModuleAddress, version: Version, query: SignedLinkQuery): void {
    this.verify(moduleAt(address, version), query);
  }

  private urlOf({ path, key }: Pulled, livesMs: number): string {
    const expires = Math.ceil((this.clock.now().getTime() + livesMs) / 1000);
    return `${this.origin}${path}?${this.links.sign(key, expires)}`;
  }

  private verify({ key }: Pulled, query: SignedLinkQuery): void {
    const verdict = this.links.verify(key, query);
    if (verdict !== 'valid') throw new PullLinkInvalid(verdict === 'expired');
  }
}

/** No object key begins like this, nor the key of a module. */
function packageAt({ host, namespace, type, version, platform }: PulledPackageAddress): Pulled {
  const path = [host, namespace, type, version, 'pull', platform].map(encodeURIComponent).join('/');
  return {
    path: `/terraform/providers/${path}`,
    key: `pull/${host}/${namespace}/${type}/${version}/${platform}`,
  };
}

/** No object key begins like this, nor the key of a package. */
function moduleAt(address: ModuleAddress, { text }: Version): Pulled {
  return {
    path: `${address.protocolPath}/${text}/pull/${address.name}.tar.gz`,
    key: `pull-module/${address.toString()}/${text}`,
  };
}
