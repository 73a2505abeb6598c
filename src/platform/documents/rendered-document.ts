import { gzipSync } from 'node:zlib';

/** What of a request decides about the answer. */
export interface DocumentRequest {
  /** Whether the request carries an `Authorization` header. */
  readonly isAuthenticated: boolean;
  readonly acceptsGzip: boolean;
  /** The `If-None-Match` header as it came. */
  readonly ifNoneMatch: string | undefined;
}

/** A complete answer, except for the headers that every response carries. */
export interface DocumentAnswer {
  readonly status: number;
  /** `name, value, name, value, …`, names in lower case. */
  readonly headers: readonly string[];
  /** `null`: the answer has no body. HEAD gets the headers only. */
  readonly body: Buffer | null;
  /**
   * The same bytes as a string to be sent as `latin1`, for bodies that are not large: Node then sends head and body
   * in one piece, which costs less than a Buffer beside the head.
   */
  readonly text: string | null;
}

/** What a rendered document consists of. */
export interface RenderedContent {
  readonly status: 200 | 204;
  readonly etag: string;
  readonly body: Buffer;
  /** The value of `X-Terraform-Get`, for status 204. */
  readonly location: string | null;
  /** Unix milliseconds after which the signed URLs in it are too old; infinite when it has none. */
  readonly renewAtMs: number;
  /** The media type of the body; by default JSON in UTF-8. */
  readonly contentType?: string;
  /** Whether a compressed twin is worth while: not for what is built for one request. */
  readonly isShared?: boolean;
}

/** With the head they fit into the 16 KiB that Node copies a string into without asking for memory. */
const TEXT_UP_TO_BYTES = 15 * 1024;

/** Shorter bodies fit into one packet anyway. */
const COMPRESS_FROM_BYTES = 1024;

/**
 * A document as bytes, shared by all callers who may read it. Both the fast path and the router take their
 * answers from {@link answer}, so they cannot differ.
 */
export class RenderedDocument {
  private readonly full: (DocumentAnswer | undefined)[] = [];

  constructor(private readonly content: RenderedContent) {}

  get renewAtMs(): number {
    return this.content.renewAtMs;
  }

  /** The answer to a GET or HEAD of this document (REST contract 6.4). */
  answer(request: DocumentRequest): DocumentAnswer {
    if (request.ifNoneMatch !== undefined && !this.hasLinks && this.matches(request.ifNoneMatch)) {
      return this.answerWith(304, request.isAuthenticated, request.acceptsGzip, null);
    }
    return this.fullAnswer(request.isAuthenticated, request.acceptsGzip);
  }

  private get hasLinks(): boolean {
    return this.content.renewAtMs !== Number.POSITIVE_INFINITY;
  }

  private get hasTwin(): boolean {
    const { status, body, isShared = true } = this.content;
    return isShared && status === 200 && body.length > COMPRESS_FROM_BYTES;
  }

  private fullAnswer(isAuthenticated: boolean, acceptsGzip: boolean): DocumentAnswer {
    const index = (isAuthenticated ? 1 : 0) + (acceptsGzip ? 2 : 0);
    return (this.full[index] ??= this.build(isAuthenticated, acceptsGzip));
  }

  private build(isAuthenticated: boolean, acceptsGzip: boolean): DocumentAnswer {
    const { status } = this.content;
    if (status === 204) return this.answerWith(status, isAuthenticated, acceptsGzip, null);
    const body = acceptsGzip && this.hasTwin ? this.twin(isAuthenticated) : this.content.body;
    return this.answerWith(status, isAuthenticated, acceptsGzip, body);
  }

  private answerWith(
    status: number,
    isAuthenticated: boolean,
    acceptsGzip: boolean,
    body: Buffer | null,
  ): DocumentAnswer {
    const { isShared = true } = this.content;
    const text = isShared && body && body.length <= TEXT_UP_TO_BYTES ? body.toString('latin1') : null;
    return { status, headers: this.headers(isAuthenticated, acceptsGzip, body), body, text };
  }

  /** The compressed body; made once and shared by the answers with and without credential. */
  private twin(isAuthenticated: boolean): Buffer {
    return this.full[isAuthenticated ? 2 : 3]?.body ?? gzipSync(this.content.body);
  }

  private headers(isAuthenticated: boolean, acceptsGzip: boolean, body: Buffer | null): string[] {
    const { etag, location, contentType = 'application/json; charset=utf-8' } = this.content;
    const isCompressed = acceptsGzip && this.hasTwin;
    const headers = ['vary', this.hasTwin ? 'X-Terraform-Version, Accept-Encoding' : 'X-Terraform-Version'];
    headers.push('cache-control', this.cacheControl(isAuthenticated));
    if (!this.hasLinks) headers.push('etag', isCompressed ? `"${etag}-gzip"` : `"${etag}"`);
    if (location !== null) headers.push('x-terraform-get', location);
    if (body === null) return headers;
    if (isCompressed) headers.push('content-encoding', 'gzip');
    headers.push('content-type', contentType, 'content-length', String(body.length));
    return headers;
  }

  /** A signed URL is a credential: no cache may keep it. */
  private cacheControl(isAuthenticated: boolean): string {
    if (this.hasLinks) return 'no-store';
    return isAuthenticated ? 'private, no-cache' : 'public, max-age=60';
  }

  private matches(ifNoneMatch: string): boolean {
    const { etag } = this.content;
    return ifNoneMatch.split(',').some((candidate) => {
      const tag = candidate.trim().replace(/^W\//, '');
      return tag === '*' || tag === `"${etag}"` || tag === `"${etag}-gzip"`;
    });
  }
}
