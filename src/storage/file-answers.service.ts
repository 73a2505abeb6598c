import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { Clock } from '../kernel/clock.js';
import { sha256Hex } from '../kernel/sha256.js';
import { requestId } from '../platform/http/request-id.js';
import { flatSecurityHeaders } from '../platform/http/security-headers.js';
import type { BytePart } from '../platform/http/byte-range.js';
import { type FileContent, sendFile } from '../platform/http/stream-response.js';
import { RequestLog } from '../platform/logging/request-log.hook.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { ArtifactKey } from './artifact-key.js';
import { ArtifactStore } from './artifact-store.service.js';
import { FILES_ROUTE } from './file-target.js';
import { HeldFiles } from './held-files.js';
import { QuarantinedArtifacts } from './quarantined-artifacts.service.js';
import { ArtifactDamaged, FileNotFound, FileQuarantined } from './storage.errors.js';
import { StoredFile } from './stored-file.js';
import { verifiedStream } from './verified-stream.js';

const SMALL_BYTES = 64 * 1024;
const MAX_SIZES = 50_000;
const LIMITS = { maxBytes: 32 * 1024 * 1024, maxLinks: 5_000 };

/** A request for a file that the caller may have. */
export interface GrantedFile {
  readonly keyPath: string;
  /** When the signed link stops working (milliseconds since 1970); absent when a credential opened the file. */
  readonly expiresAtMs?: number;
}

/** What surrounds an answer that goes through the router. */
export interface RoutedAnswer {
  /** Headers that every answer has, as `name, value, …`. */
  readonly headers: readonly string[];
  /** Called when the answer begins; until then errors can be answered. */
  readonly beforeHead: () => void;
}

/**
 * Answers file requests: one way to send, reached through the router or, for small files behind a link that was
 * verified before, ahead of it. The bytes of small files are checked against their digest when they are read.
 */
@Injectable()
export class FileAnswers {
  private readonly logger = new Logger('Storage');
  private readonly held = new HeldFiles(LIMITS);
  private readonly sizes = new Map<string, number>();
  private readonly securityHeaders: readonly string[];
  private readonly idleTimeoutMs: number;

  constructor(
    private readonly artifacts: ArtifactStore,
    private readonly quarantined: QuarantinedArtifacts,
    config: AppConfig,
    private readonly metrics: Metrics,
    private readonly log: RequestLog,
    private readonly clock: Clock,
  ) {
    const { server, security } = config;
    this.idleTimeoutMs = server.streamIdleTimeoutMs;
    this.securityHeaders = flatSecurityHeaders({
      publicUrl: server.publicUrl,
      hstsEnabled: security.hstsEnabled,
    });
  }

  /** Answers a GET or HEAD whose file is in memory, completely; `false`: the router has to. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const startedMs = performance.now();
    const known = this.held.findByLink(request.url ?? '', this.clock.now().getTime());
    if (!known || this.quarantined.hasNow(known.file.key.path) !== false) return false;
    const id = requestId(request.headers['x-request-id'] as string | undefined);
    const status = sendFile(request, response, known.file, {
      headers: [...this.securityHeaders, 'x-request-id', id, ...this.cacheHeaders(known.expiresAtMs)],
      idleTimeoutMs: this.idleTimeoutMs,
    }) as number;
    this.meter(request, id, status, performance.now() - startedMs);
    return true;
  }

  /**
   * Sends a file through the router. Throws FileNotFound, FileQuarantined, ArtifactDamaged and what the store throws,
   * all before anything is written.
   */
  async send(
    granted: GrantedFile,
    request: IncomingMessage,
    response: ServerResponse,
    { headers, beforeHead }: RoutedAnswer,
  ): Promise<void> {
    if (await this.quarantined.has(granted.keyPath)) throw new FileQuarantined();
    const file = await this.find(granted.keyPath);
    if (granted.expiresAtMs !== undefined && file.bytes && request.url !== undefined) {
      this.held.rememberLink(request.url, granted.keyPath, granted.expiresAtMs);
    }
    await sendFile(request, response, file, {
      headers: [...headers, ...this.cacheHeaders(granted.expiresAtMs)],
      idleTimeoutMs: this.idleTimeoutMs,
      beforeHead,
      onFailure: (error) =>
        this.logger.error({ message: 'A download broke off', key: granted.keyPath, err: error }),
    });
  }

  private async find(keyPath: string): Promise<StoredFile> {
    const held = this.held.find(keyPath);
    if (held) return held;
    const key = ArtifactKey.parse(keyPath);
    if (!key) throw new FileNotFound();
    const size = await this.sizeOf(key);
    if (size > SMALL_BYTES)
      return new StoredFile(key, { size, open: (part) => this.openPart(key, part, size) });
    const bytes = await buffer((await this.artifacts.open(key)).stream);
    if (sha256Hex(bytes) !== key.digest)
      throw new ArtifactDamaged({ cause: new Error(`Wrong digest: ${keyPath}`) });
    const file = new StoredFile(key, bytes);
    this.held.hold(file);
    return file;
  }

  /** Objects never change, so a size is asked for once; whether the object is still there shows when it is opened. */
  private async sizeOf(key: ArtifactKey): Promise<number> {
    const known = this.sizes.get(key.path);
    if (known !== undefined) return known;
    const { size } = await this.artifacts.stat(key);
    if (this.sizes.size >= MAX_SIZES) this.sizes.clear();
    this.sizes.set(key.path, size);
    return size;
  }

  private async openPart(key: ArtifactKey, { start, length }: BytePart, size: number): Promise<FileContent> {
    const isWhole = length === size;
    const body = await this.artifacts.open(key, isWhole ? undefined : { start, end: start + length - 1 });
    return isWhole && body.isRemote ? { stream: verifiedStream(body, key.digest) } : body;
  }

  private cacheHeaders(expiresAtMs: number | undefined): readonly string[] {
    if (expiresAtMs === undefined) return ['cache-control', 'no-store'];
    const remaining = Math.max(0, Math.floor((expiresAtMs - this.clock.now().getTime()) / 1000));
    return ['cache-control', `private, max-age=${remaining}`];
  }

  private meter(request: IncomingMessage, id: string, status: number, durationMs: number): void {
    const method = request.method ?? '';
    this.metrics.countRequest(method, FILES_ROUTE, status, durationMs / 1000);
    const clientIp = request.socket.remoteAddress ?? '';
    this.log.record({
      requestId: id,
      method,
      route: FILES_ROUTE,
      status,
      durationMs,
      clientIp,
      cached: true,
    });
  }
}
