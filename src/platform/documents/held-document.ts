import { documentRoute, documentType } from './document-route.js';
import type { LinkRenderer } from './link-renderer.js';
import { type ArtifactLink, splitLinks } from './prepared-document.js';
import { RenderedDocument } from './rendered-document.js';
import type { StoredDocument } from './stored-document.js';

/** Maps, keys, headers and the object itself, roughly. */
const OVERHEAD_BYTES = 1_500;

/** A document in memory: who may read it, and its bytes, with links that are fresh enough to be handed out. */
export class HeldDocument {
  /** Set by every hit, taken away by the cache when it looks for something to drop. */
  wasUsed = false;
  /** The route pattern for metrics. */
  readonly route: string;
  /** Estimate of the memory it takes, in bytes, with its rendering and the compressed twin. */
  readonly weight: number;

  private readonly texts: readonly string[];
  private readonly links: readonly ArtifactLink[];
  private readonly isPublic: boolean;
  /** Where the objects were when the document was read: good for the first rendering, later ones ask again. */
  private storages: StoredDocument['storages'];
  private rendering: RenderedDocument | undefined;
  private refreshing: Promise<RenderedDocument> | undefined;

  readonly document: Omit<StoredDocument, 'body' | 'storages'>;

  constructor(
    { body, storages, ...document }: StoredDocument,
    private readonly renderer: LinkRenderer,
  ) {
    const { texts, links } = splitLinks(body);
    this.document = document;
    this.texts = texts;
    this.links = links;
    this.isPublic = document.visibility !== 'private';
    this.storages = storages;
    this.route = documentRoute(document.path);
    this.weight = OVERHEAD_BYTES + 4 * body.length;
  }

  /** The bytes to answer now; `undefined`: the links have to be made first, with {@link refresh}. */
  rendered(): RenderedDocument | undefined {
    const held = this.rendering;
    if (this.links.length === 0)
      return held ?? (this.rendering = this.renderedWith([], Number.POSITIVE_INFINITY));
    return held && held.renewAtMs > this.renderer.nowMs() ? held : undefined;
  }

  /** The bytes to answer now, with new links where the old ones are too old. Callers at the same time share them. */
  async refresh(): Promise<RenderedDocument> {
    const held = this.rendered();
    if (held) return held;
    this.refreshing ??= this.render().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  private async render(): Promise<RenderedDocument> {
    const { urls, renewAtMs } = await this.renderer.render(this.links, this.isPublic, this.storages ?? []);
    this.storages = undefined;
    return (this.rendering = this.renderedWith(urls, renewAtMs));
  }

  private renderedWith(urls: readonly string[], renewAtMs: number): RenderedDocument {
    const { status, etag, path } = this.document;
    const text = this.texts.map((part, index) => part + jsonString(urls[index])).join('');
    return new RenderedDocument({
      status,
      etag,
      renewAtMs,
      contentType: documentType(path),
      body: Buffer.from(text),
      location: status === 204 ? (JSON.parse(text) as { location: string }).location : null,
    });
  }
}

function jsonString(url: string | undefined): string {
  return url === undefined ? '' : JSON.stringify(url);
}
