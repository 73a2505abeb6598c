import { Injectable } from '@nestjs/common';
import { ServerConfig } from '../../config/server.config.js';
import { Clock } from '../../kernel/clock.js';
import type { ArtifactLink } from './prepared-document.js';

/** An object that a URL is wanted for. */
export interface WantedLink {
  /** Object key, e.g. `blobs/sha256/ab/cd/<digest>/<filename>`. */
  readonly keyPath: string;
  /** The storage that holds it, when that is known. */
  readonly storage?: string | undefined;
  /** Whether everybody may read the document, so that a URL without signature may be given out. */
  readonly isPublic: boolean;
  /** Whether it stands in a document of the network mirror, which clients read long before they fetch. */
  readonly isMirror?: boolean | undefined;
}

/** A URL that opens one object for whoever has it. */
export interface DownloadUrl {
  /** Absolute, or a path of this server. */
  readonly url: string;
  /** When it stops working, in Unix milliseconds. */
  readonly expiresAtMs: number;
  /** Whether it still works with further query parameters: the signature of a storage backend does not. */
  readonly acceptsParameters?: boolean;
}

/** Signs download URLs. Implemented by storage, which this folder does not know. */
export abstract class LinkSource {
  /** A URL that proves itself for one object. Does not ask the store whether the object exists. */
  abstract downloadUrl(link: WantedLink): Promise<DownloadUrl>;
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

  /**
   * Renders all links of one document, whose objects are in `storages` as far as that is known; without links it
   * never has to be made again.
   */
  async render(
    links: readonly ArtifactLink[],
    isPublic: boolean,
    storages: readonly (string | null)[] = [],
  ): Promise<RenderedLinks> {
    const nowMs = this.nowMs();
    let renewAtMs = Number.POSITIVE_INFINITY;
    const urls: string[] = [];
    for (const [index, link] of links.entries()) {
      const storage = storages[index] ?? undefined;
      const { key: keyPath, isMirror } = link;
      const signed = await this.source.downloadUrl({ keyPath, storage, isPublic, isMirror });
      renewAtMs = Math.min(renewAtMs, nowMs + (signed.expiresAtMs - nowMs) / 3);
      urls.push(this.address(signed, link));
    }
    return { urls, renewAtMs };
  }

  private address({ url: signed, acceptsParameters }: DownloadUrl, link: ArtifactLink): string {
    const cut = signed.indexOf('?');
    const path = cut < 0 ? signed : signed.slice(0, cut);
    const query = cut < 0 ? [] : [signed.slice(cut + 1)];
    const digest = DIGEST_IN_KEY.exec(link.key)?.[1];
    // A foreign query parameter breaks the signature of a storage backend (protocol checklist 48).
    if (link.checksum && acceptsParameters && digest) query.push(`checksum=sha256:${digest}`);
    const folder = link.folder ? `//${link.folder.split('/').map(encodeURIComponent).join('/')}` : '';
    const url = `${path.startsWith('/') ? this.origin : ''}${path}${folder}`;
    return query.length > 0 ? `${url}?${query.join('&')}` : url;
  }
}
