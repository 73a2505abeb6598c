import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { ClientAddress } from '../http/client-address.js';
import { CorsPolicy } from '../http/cors.js';
import { requestId } from '../http/request-id.js';
import { flatSecurityHeaders } from '../http/security-headers.js';
import { RequestLog } from '../logging/request-log.hook.js';
import { Metrics } from '../metrics/metrics.js';
import { DocumentCache } from './document-cache.js';
import { DocumentDownloads } from './document-downloads.js';
import type { DownloadCaller } from './download-caller.js';
import type { HeldDocument } from './held-document.js';
import { OwnHostPaths } from './own-host-paths.js';
import { ReadDecisions } from './read-decisions.js';
import { documentRequest, namesOpenTofu, readPlainRequest, type RequestFacts } from './request-facts.js';

/** Answers some requests completely; `false`: the router has to. */
export type EarlyAnswer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Where the fast path sends what it does not answer itself but knows somebody for. */
const FILES = '/v1/files/';
/** Where documents are. */
const DOCUMENTS = '/v1/';
const MIRROR_DOCUMENTS = '/terraform/providers/';
const MODULE_DOCUMENTS = '/v1/modules/';
/** Folded like a namespace, and none. */
const NOBODYS = '-';

/** Whoever reads something, in the forms of `callerText` and `callerOrganization`. */
type Reader = Pick<DownloadCaller, 'who' | 'organizationId'>;

const ANYBODY: Reader = { who: '', organizationId: '' };

/** The log writes one in a hundred of the hits it is told of, which is still too much for the hottest path. */
const HITS_PER_RECORD = 10;

/**
 * Answers GET and HEAD of held lean documents ahead of the router: exact path, a plain request, a document
 * that is public for this caller or a decision about exactly this credential that is not a second old.
 * Everything else goes to the router, which gives the same bytes.
 */
@Injectable()
export class FastPath implements BeforeApplicationShutdown {
  private readonly securityHeaders: readonly string[];
  private readonly variesByOrigin: boolean;
  private readonly isPublicByDefault: boolean;
  private readonly clientAddress: ClientAddress;
  private readonly ownHost: OwnHostPaths;
  private hits = 0;
  private isOpen: boolean;
  private files: EarlyAnswer = () => false;
  private isMore: (path: string) => boolean = () => false;

  constructor(
    config: AppConfig,
    private readonly cache: DocumentCache,
    private readonly decisions: ReadDecisions,
    private readonly downloads: DocumentDownloads,
    private readonly metrics: Metrics,
    private readonly log: RequestLog,
  ) {
    this.securityHeaders = flatSecurityHeaders({
      publicUrl: config.server.publicUrl,
      hstsEnabled: config.security.hstsEnabled,
    });
    this.variesByOrigin = new CorsPolicy(config.security).varies;
    this.isPublicByDefault = config.auth.anonymousRead;
    this.ownHost = new OwnHostPaths(config.server);
    this.clientAddress = new ClientAddress(config.server.trustedProxies);
    const { audit } = config;
    const { enabled, protocolRequestsPerMinute } = config.limits.rateLimiting;
    const isMetered = enabled && protocolRequestsPerMinute > 0;
    this.isOpen = !isMetered && !(audit.enabled && audit.logReadOperations);
  }

  /** The router says that the server is closing; so everything goes there. */
  beforeApplicationShutdown(): void {
    this.isOpen = false;
  }

  /** Hands GET and HEAD of `/v1/files/…` to `files` first. */
  setFiles(files: EarlyAnswer): void {
    this.files = files;
  }

  /** Leaves documents of mirrors and modules to the router where `isMore` says that more can be had than they say. */
  setMore(isMore: (path: string) => boolean): void {
    this.isMore = isMore;
  }

  /** Answers the request completely, or returns `false` and has not touched the response. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    if (!this.isOpen || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
    const path = request.url ?? '';
    const document = this.cache.find(this.ownHost.canonical(path));
    if (document) return !this.isPartial(path) && this.answerDocument(document, request, response);
    if (path.startsWith(FILES)) return this.files(request, response);
    if (path.startsWith(DOCUMENTS) || path.startsWith(MIRROR_DOCUMENTS)) this.lookInVain(request);
    return false;
  }

  private isPartial(path: string): boolean {
    return (path.startsWith(MIRROR_DOCUMENTS) || path.startsWith(MODULE_DOCUMENTS)) && this.isMore(path);
  }

  private answerDocument(held: HeldDocument, request: IncomingMessage, response: ServerResponse): boolean {
    const startedMs = performance.now();
    const facts = readPlainRequest(request.rawHeaders);
    const who = facts?.isLean ? this.readerOf(held, request.method, facts.authorization) : undefined;
    // Rendering takes a while, which would tell a caller who may not know it that there is a document.
    const rendered = who === undefined ? undefined : held.rendered();
    if (facts === undefined || who === undefined || rendered === undefined) return false;
    const method = request.method as 'GET' | 'HEAD';
    const { status, headers, body, text } = rendered.answer(documentRequest(facts));
    const { download, path } = held.document;
    const id = requestId(facts.requestId);
    if (download && method === 'GET' && status !== 304) {
      this.downloads.count(download, path, this.callerOf(request, facts, who, id));
    }
    response.writeHead(status, this.allHeaders(id, headers));
    if (method === 'HEAD' || body === null) response.end();
    else if (text === null) response.end(body);
    else response.end(text, 'latin1');
    const durationMs = performance.now() - startedMs;
    this.meter(request, id, held.route, status, durationMs);
    return true;
  }

  /** What is done for a held document that the caller may not read, so that it takes no longer (threat C7). */
  private lookInVain({ rawHeaders }: IncomingMessage): void {
    const facts = readPlainRequest(rawHeaders);
    if (facts?.isLean && facts.authorization !== undefined) {
      this.decisions.look(facts.authorization, NOBODYS, 'modules:read');
    }
  }

  private meter(
    request: IncomingMessage,
    id: string,
    route: string,
    status: number,
    durationMs: number,
  ): void {
    const method = request.method as string;
    this.metrics.countRequest(method, route, status, durationMs / 1_000);
    this.hits += 1;
    if (this.hits % HITS_PER_RECORD !== 0) return;
    const clientIp = request.socket.remoteAddress ?? '';
    this.log.record({ requestId: id, method, route, status, durationMs, clientIp, cached: true });
  }

  private allHeaders(id: string, headers: readonly string[]): string[] {
    const all = [...this.securityHeaders, 'x-request-id', id, ...headers];
    if (this.variesByOrigin) all[all.indexOf('vary') + 1] += ', Origin';
    return all;
  }

  private callerOf(
    { socket, rawHeaders }: IncomingMessage,
    { clientVersion, forwardedFor }: RequestFacts,
    { who, organizationId }: Reader,
    id: string,
  ): DownloadCaller {
    const clientIp = this.clientAddress.of(socket.remoteAddress ?? '', forwardedFor);
    const isOpenTofu = namesOpenTofu(rawHeaders);
    return { who, organizationId, clientIp, clientVersion, isOpenTofu, requestId: id };
  }

  /**
   * Who reads the document; `undefined` when the router has to find out: whether they may, or who downloads
   * something that everybody may have.
   */
  private readerOf(
    { document }: HeldDocument,
    method: string | undefined,
    authorization: string | undefined,
  ): Reader | undefined {
    const { visibility, namespace, scope, download } = document;
    const isPublic = visibility === 'public' || (visibility === null && this.isPublicByDefault);
    const mustName = download && method === 'GET';
    if (isPublic && (authorization === undefined || !mustName)) return ANYBODY;
    if (authorization === undefined) return undefined;
    const decision = this.decisions.look(authorization, namespace, scope);
    return decision?.isAllowed === true ? decision : undefined;
  }
}
