import { randomBytes } from 'node:crypto';
import type { Scope } from '../../access/scope.js';

/** What is counted when a download document is answered to a GET. */
export type DocumentDownload =
  | {
      /** Id of what is downloaded: a module version or a provider package. */
      readonly targetId: string;
      readonly kind: 'module';
      readonly labels: Readonly<Record<'namespace' | 'system', string>>;
    }
  | {
      readonly targetId: string;
      readonly kind: 'provider';
      readonly labels: Readonly<Record<'namespace' | 'type' | 'os' | 'arch', string>>;
    };

/** A lean protocol document (REST contract 6), as its feature builds it when something is published. */
export interface PreparedDocument {
  /** Exact request path without query, e.g. `/v1/modules/a/b/c/versions`; provider namespaces in lower case. */
  readonly path: string;
  /** The namespace whose claim decides who may read it, in the spelling of the claim. */
  readonly namespace: string;
  /** The scope a credential needs where the namespace is not public. */
  readonly scope: Scope;
  /** The visibility of the owning organization; `null` follows the server setting. */
  readonly visibility: 'private' | 'public' | null;
  /** 204 is a module download: the body is `{"location": artifactLink(…)}`, answered as `X-Terraform-Get`. */
  readonly status: 200 | 204;
  /** JSON text as `JSON.stringify` makes it; string values may be an {@link artifactLink}. */
  readonly body: string;
  readonly download?: DocumentDownload;
}

/** A place in a stored body that becomes a signed URL when the document is rendered. */
export interface ArtifactLink {
  /** Object key, e.g. `blobs/sha256/ab/cd/<digest>/<filename>`. */
  readonly key: string;
  /** The folder inside the archive that a client shall use, after `//`. */
  readonly folder?: string;
  /** Whether the client is told the SHA-256 (`checksum=sha256:…`, read by go-getter). */
  readonly checksum?: boolean;
  /** Whether the URL lives as long as those of the network mirror. */
  readonly isMirror?: boolean;
}

/** Nobody outside this process knows it, so no text of a publisher can pass for a link. */
const MARK = `artifact-link-${randomBytes(18).toString('base64url')}:`;
const MARKED = new RegExp(`"${MARK}([A-Za-z0-9_-]+)"`, 'g');

/** `JSON.stringify` escapes control characters, so these two never come from inside a string value. */
const OPEN = '\u0001';
const CLOSE = '\u0002';
const SEALED = /\u0001([^\u0002]*)\u0002/g;

/**
 * The text that stands for a signed URL of the artifact as a whole string value of a document body. It is
 * valid in this process, until {@link sealLinks}.
 */
export function artifactLink(key: string, options: Omit<ArtifactLink, 'key'> = {}): string {
  const { folder, checksum, isMirror } = options;
  const link: ArtifactLink = { key, folder, checksum, isMirror };
  return MARK + Buffer.from(JSON.stringify(link)).toString('base64url');
}

/** The form in which a body is stored: links as object keys between characters that JSON text cannot hold. */
export function sealLinks(body: string): string {
  if (body.includes(OPEN) || body.includes(CLOSE))
    throw new Error('A document body holds a raw control character');
  // Lists of versions are long and have no links.
  if (!body.includes(MARK)) return body;
  const sealed = body.replace(MARKED, (_, encoded: string) => {
    return OPEN + Buffer.from(encoded, 'base64url').toString('utf8') + CLOSE;
  });
  if (sealed.includes(MARK)) throw new Error('An artifact link must be a whole string value of its document');
  return sealed;
}

/** A stored body as text, link, text, link, …, text. */
export function splitLinks(sealed: string): { texts: string[]; links: ArtifactLink[] } {
  if (!sealed.includes(OPEN)) return { texts: [sealed], links: [] };
  const parts = sealed.split(SEALED);
  const texts = parts.filter((_, index) => index % 2 === 0);
  const links = parts.filter((_, index) => index % 2 === 1).map((part) => JSON.parse(part) as ArtifactLink);
  return { texts, links };
}
