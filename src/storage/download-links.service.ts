import { Injectable, Logger } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { Clock } from '../kernel/clock.js';
import { SignedLink } from '../platform/crypto/signed-link.js';
import { type DownloadUrl, LinkSource, type WantedLink } from '../platform/documents/link-renderer.js';
import { ArtifactKey } from './artifact-key.js';
import { ArtifactLocations } from './artifact-locations.service.js';
import { type NamedStore, ObjectStores } from './object-stores.service.js';
import { WithheldArtifacts } from './withheld-artifacts.service.js';

/**
 * The URLs under which clients fetch objects: signed by the storage that holds them, of a CDN in front of it, or of
 * this server where the storage signs nothing, downloads go through the server, or the storage cannot sign now.
 * Nobody is asked whether the object exists.
 */
@Injectable()
export class DownloadLinks extends LinkSource {
  private readonly logger = new Logger('Storage');
  /** The CDN that passes signatures on. */
  private readonly signedCdn: string | undefined;
  /** The CDN that has what everybody may read, without signatures. */
  private readonly publicCdn: string | undefined;

  constructor(
    private readonly stores: ObjectStores,
    private readonly locations: ArtifactLocations,
    private readonly withheld: WithheldArtifacts,
    private readonly links: SignedLink,
    private readonly config: StorageConfig,
    private readonly clock: Clock,
  ) {
    super();
    const cdnUrl = config.cdnUrl?.replace(/\/+$/, '');
    this.signedCdn = config.cdnMode === 'signed' ? cdnUrl : undefined;
    this.publicCdn = config.cdnMode === 'public' ? cdnUrl : undefined;
  }

  async downloadUrl(link: WantedLink): Promise<DownloadUrl> {
    if (this.publicCdn !== undefined && link.isPublic && !(await this.withheld.has(link.keyPath))) {
      const expiresAtMs = this.expiry(this.lifeMs(link));
      return { url: `${this.publicCdn}/${encoded(link.keyPath)}`, expiresAtMs };
    }
    return (await this.storageUrl(link)) ?? this.ownUrl(link);
  }

  /** A URL of this server, or of the CDN that fetches from it: `/v1/files/<key>?expires=…&signature=…`. */
  private ownUrl(link: WantedLink): DownloadUrl {
    const { keyPath } = link;
    const expiresAtMs = this.expiry(this.lifeMs(link));
    const query = this.links.sign(keyPath, expiresAtMs / 1000);
    const path = `/v1/files/${encoded(keyPath)}?${query}`;
    return { url: `${this.signedCdn ?? ''}${path}`, expiresAtMs, acceptsParameters: true };
  }

  private async storageUrl(link: WantedLink): Promise<DownloadUrl | undefined> {
    const { keyPath, storage, isMirror } = link;
    const key = ArtifactKey.parse(keyPath);
    if (this.config.proxyDownloads || key === undefined) return undefined;
    const holder = await this.holderOf(keyPath, storage);
    if (holder === undefined || holder.settings.type === 'local') return undefined;
    // This server looks for the right bytes elsewhere, or says why there are none.
    if (await this.withheld.has(keyPath, holder.name)) return undefined;
    const { store, settings } = holder;
    const ownTtlMs = settings.type === 'azure' && !isMirror ? settings.urlTtlMs : undefined;
    const expiresAtMs = this.expiry(ownTtlMs ?? this.lifeMs(link));
    const { filename, contentType } = key;
    try {
      const url = await store.signedUrl(keyPath, { expiresAtMs, filename, contentType });
      return url === undefined ? undefined : { url: this.throughCdn(url), expiresAtMs };
    } catch (error) {
      this.logger.warn({ message: `${store.driver} signs no URL, the server streams`, err: error });
      return undefined;
    }
  }

  private async holderOf(keyPath: string, known: string | undefined): Promise<NamedStore | undefined> {
    const name = known ?? (await this.locations.find(keyPath));
    if (name === undefined) return undefined;
    this.locations.remember(keyPath, name);
    return this.stores.of(name).catch(() => undefined);
  }

  /** The CDN passes path and signature on to the storage. */
  private throughCdn(url: string): string {
    if (this.signedCdn === undefined) return url;
    const { pathname, search } = new URL(url);
    return `${this.signedCdn}${pathname}${search}`;
  }

  private lifeMs({ isMirror }: WantedLink): number {
    return isMirror ? this.config.mirrorUrlTtlMs : this.config.urlTtlMs;
  }

  private expiry(ttlMs: number): number {
    return Math.ceil((this.clock.now().getTime() + ttlMs) / 1000) * 1000;
  }
}

function encoded(keyPath: string): string {
  return keyPath.split('/').map(encodeURIComponent).join('/');
}
