import { Injectable } from '@nestjs/common';
import { ServerConfig } from '../../config/server.config.js';
import { Clock } from '../../kernel/clock.js';
import type { ArtifactLink } from './prepared-document.js';

/** Signs download URLs. Implemented by storage, which this folder does not know. */
export abstract class LinkSource {
  /**
   * A URL that proves itself for the object `keyPath`: a path of this server (`/v1/files/…?expires=…`) or an
   * absolute URL of a storage backend, and when it stops working (Unix milliseconds). Does not ask the store.
   */
  abstract downloadUrl(keyPath: string): { path: string; expiresAtMs: number };
}

/** The absolute URLs of some links, in order, and when they have to be made again (Unix milliseconds). */
export interface RenderedLinks {
  readonly urls: readonly string[];
  readonly renewAtMs: number;
}

const DIGEST_IN_KEY = /\/([0-9a-f]{64})\/[^/]+$/;

/**
 * Turns object keys into absolute signed URLs. A signature names object and expiry, not the caller, so one
 * rendering serves everybody, until a third of its life has passed: who gets a link has two thirds left.
 */
@Injectable()
export class LinkRenderer {
  private readonly origin: string;

  constructor(
    private readonly source: LinkSource,
    server: ServerConfig,
    private readonly clock: Clock,
  ) {
    this.origin = server.baseUrl.replace(/\/+$/, '');
  }

  /** The time against which `renewAtMs` is compared. */
  nowMs(): number {
    return this.clock.now().getTime();
  }

  /** Renders all links of one document; without links it never has to be made again. */
  render(links: readonly ArtifactLink[]): RenderedLinks {
    const nowMs = this.nowMs();
    let renewAtMs = Number.POSITIVE_INFINITY;
    const urls = links.map((link) => {
      const { path, expiresAtMs } = this.source.downloadUrl(link.key);
      renewAtMs = Math.min(renewAtMs, nowMs + (expiresAtMs - nowMs) / 3);
      return this.address(path, link);
    });
    return { urls, renewAtMs };
  }

  private address(signed: string, link: ArtifactLink): string {
    const cut = signed.indexOf('?');
    const path = cut < 0 ? signed : signed.slice(0, cut);
    const query = cut < 0 ? [] : [signed.slice(cut + 1)];
    const isOurs = path.startsWith('/');
    const digest = DIGEST_IN_KEY.exec(link.key)?.[1];
    // A foreign query parameter breaks the signature of a storage backend (protocol checklist 48).
    if (link.checksum && isOurs && digest) query.push(`checksum=sha256:${digest}`);
    const folder = link.folder ? `//${link.folder.split('/').map(encodeURIComponent).join('/')}` : '';
    const url = `${isOurs ? this.origin : ''}${path}${folder}`;
    return query.length > 0 ? `${url}?${query.join('&')}` : url;
  }
}
