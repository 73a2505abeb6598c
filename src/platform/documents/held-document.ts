import { documentRoute } from './document-route.js';
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
  private rendering: RenderedDocument | undefined;

  readonly document: Omit<StoredDocument, 'body'>;

  constructor(
    { body, ...document }: StoredDocument,
    private readonly renderer: LinkRenderer,
  ) {
    const { texts, links } = splitLinks(body);
    this.document = document;
    this.texts = texts;
    this.links = links;
    this.route = documentRoute(document.path);
    this.weight = OVERHEAD_BYTES + 4 * body.length;
  }

  /** The bytes to answer now. */
  rendered(): RenderedDocument {
    const held = this.rendering;
    if (held && (this.links.length === 0 || held.renewAtMs > this.renderer.nowMs())) return held;
    return (this.rendering = this.render());
  }

  private render(): RenderedDocument {
    const { status, etag } = this.document;
    const { urls, renewAtMs } = this.renderer.render(this.links);
    const text = this.texts.map((part, index) => part + jsonString(urls[index])).join('');
    return new RenderedDocument({
      status,
      etag,
      renewAtMs,
      body: Buffer.from(text),
      location: status === 204 ? (JSON.parse(text) as { location: string }).location : null,
    });
  }
}

function jsonString(url: string | undefined): string {
  return url === undefined ? '' : JSON.stringify(url);
}
