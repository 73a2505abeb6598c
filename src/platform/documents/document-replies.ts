import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { sha256Hex } from '../../kernel/sha256.js';
import { foldNamespace } from '../../kernel/terraform/namespace-name.js';
import { RequestContext } from '../request-context/request-context.js';
import { DocumentDownloads } from './document-downloads.js';
import { callerOrganization, callerText, type DownloadCaller } from './download-caller.js';
import { ProtocolDocuments } from './protocol-documents.service.js';
import { type DocumentAnswer, RenderedDocument } from './rendered-document.js';
import { documentRequest, isOpenTofuAgent } from './request-facts.js';

/** A request as the router hands it on: `FastifyRequest` fits. */
export interface RoutedRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What answers it: `FastifyReply` fits. */
export interface RoutedReply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body?: Buffer | Readable): unknown;
}

/**
 * Answers protocol requests that come through the router, in the bytes and headers of the fast path. Whether
 * the caller may read was decided by the guards.
 */
@Injectable()
export class DocumentReplies {
  constructor(
    private readonly documents: ProtocolDocuments,
    private readonly downloads: DocumentDownloads,
  ) {}

  /** Whether the lean form is asked for: every CLI sends `X-Terraform-Version`. */
  isLean(request: RoutedRequest): boolean {
    return request.headers['x-terraform-version'] !== undefined;
  }

  /**
   * Answers with the prepared document of `path`, and counts a download; `false`: there is none, and nothing
   * was sent. With `readers` only the document of a namespace, or of a mirrored provider, about which the guards decided:
   * what they knew may be a second old, and the address may mean something else by now.
   *
   * @throws DatabaseUnavailable
   */
  async send(request: RoutedRequest, reply: RoutedReply, path: string, readers?: string): Promise<boolean> {
    const held = await this.documents.answer(path);
    if (!held) return false;
    if (readers !== undefined && foldNamespace(held.document.namespace) !== foldNamespace(readers))
      return false;
    const answer = (await held.refresh()).answer(requestOf(request));
    const { download } = held.document;
    if (download && request.method === 'GET' && answer.status !== 304) {
      this.downloads.count(download, held.document.path, callerOf(request));
    }
    write(request, reply, answer);
    return true;
  }

  /** What the prepared document of `path` says now, with its signed URLs; `undefined`: there is none. */
  async content(path: string): Promise<unknown> {
    const held = await this.documents.answer(path);
    if (!held) return undefined;
    const request = { isAuthenticated: false, acceptsGzip: false, ifNoneMatch: undefined };
    const { body } = (await held.refresh()).answer(request);
    return body === null ? undefined : JSON.parse(body.toString('utf8'));
  }

  /**
   * Where the prepared download document of `path` points now, which counts as a download when it is asked for with GET;
   * `undefined`: there is none.
   */
  async location(request: RoutedRequest, path: string): Promise<string | undefined> {
    const held = await this.documents.answer(path);
    if (!held) return undefined;
    const { headers } = (await held.refresh()).answer(requestOf(request));
    const at = headers.indexOf('x-terraform-get');
    const { download } = held.document;
    if (download && request.method === 'GET') {
      this.downloads.count(download, held.document.path, callerOf(request));
    }
    return at < 0 ? undefined : headers[at + 1];
  }

  /** Answers with the rich form of a version list, with the headers of REST contract 6.4. */
  sendRich(request: RoutedRequest, reply: RoutedReply, content: object): void {
    const body = JSON.stringify(content);
    const rendered = new RenderedDocument({
      status: 200,
      etag: sha256Hex(body).slice(0, 32),
      body: Buffer.from(body),
      location: null,
      renewAtMs: Number.POSITIVE_INFINITY,
      isShared: false,
    });
    write(request, reply, rendered.answer(requestOf(request)));
  }
}

function callerOf({ headers }: RoutedRequest): DownloadCaller {
  const active = RequestContext.current();
  return {
    who: callerText(active?.principal),
    organizationId: callerOrganization(active?.principal),
    clientIp: active?.clientIp ?? '',
    clientVersion: textOf(headers['x-terraform-version']),
    isOpenTofu: isOpenTofuAgent(textOf(headers['user-agent'])),
    requestId: active?.requestId ?? '-',
  };
}

function requestOf({ headers }: RoutedRequest) {
  return documentRequest({
    authorization: textOf(headers['authorization'] ?? headers['cookie']),
    acceptEncoding: textOf(headers['accept-encoding']),
    ifNoneMatch: textOf(headers['if-none-match']),
  });
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}

function write(
  { method }: RoutedRequest,
  reply: RoutedReply,
  { status, headers, body }: DocumentAnswer,
): void {
  reply.code(status);
  for (let index = 0; index < headers.length; index += 2) {
    reply.header(headers[index] as string, headers[index + 1] as string);
  }
  // Fastify adds `Content-Length: 0` to an answer to HEAD without payload, but not to one with a stream.
  if (body === null && method === 'HEAD') reply.send(Readable.from([]));
  else reply.send(body ?? undefined);
}
