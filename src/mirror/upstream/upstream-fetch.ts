import { Injectable } from '@nestjs/common';
import { EgressRefused, OutboundFailed } from '../../platform/outbound-http/outbound-http.errors.js';
import { OutboundHttp } from '../../platform/outbound-http/outbound-http.js';
import { nextHop, type OutboundHop } from '../../platform/outbound-http/redirects.js';
import {
  MirrorFailure,
  MirrorInterrupted,
  UpstreamAnswerInvalid,
  UpstreamNotAllowed,
  UpstreamRedirectRefused,
  UpstreamUnreachable,
} from '../domain/mirror.errors.js';
import { FetchLimits } from '../fetching/fetch-limits.js';
import type { UpstreamRegistry } from './upstream-registry.js';

const MAX_REDIRECTS = 5;
/** Our own counting ends a body first, with a sentence of its own. */
const SLACK_BYTES = 16 * 1024 * 1024;
const USER_AGENT = 'terraform-registry-mirror';

/** One request to an upstream. */
export interface UpstreamRequest {
  /** What is asked for, to end a sentence. */
  readonly what: string;
  readonly maxBytes: number;
  /** Whose token goes along; it is sent to its own origin only, whatever redirects say. */
  readonly upstream?: UpstreamRegistry;
  readonly accept?: string;
  /** Asks for the headers alone; a whole answer when absent. */
  readonly method?: 'HEAD';
  /** What is known already; sent to the first origin only. */
  readonly etag?: string;
  /** Asks for the rest of a file, if it is still the same. */
  readonly range?: { readonly from: number; readonly validator: string };
  readonly signal?: AbortSignal;
}

/** An answer whose body is not read yet. */
export interface OpenAnswer {
  readonly response: Response;
  /** Where it came from after all redirects. */
  readonly url: URL;
  /** Whether every redirect stayed where the request began. */
  readonly isSameOrigin: boolean;
}

/** An answer that was read to its end. */
export interface WholeAnswer extends OpenAnswer {
  readonly body: Buffer;
}

/**
 * Asks upstreams, by means of the guarded client: follows redirects hop by hop so that the last address is known,
 * keeps tokens at their origin, and turns what goes wrong into failures of the mirror.
 */
@Injectable()
export class UpstreamFetch {
  constructor(
    private readonly http: OutboundHttp,
    private readonly limits: FetchLimits,
  ) {}

  /** Reads a document whole, within `metadataTimeoutMs`. Answers of every status are given. */
  async read(url: URL, request: UpstreamRequest): Promise<WholeAnswer> {
    const deadline = new AbortController();
    const timer = setTimeout(() => {
      const tooLong = `${url.host} did not answer in time for ${request.what}`;
      deadline.abort(new UpstreamUnreachable(tooLong));
    }, this.limits.metadataTimeoutMs);
    const signal = AbortSignal.any([deadline.signal, ...(request.signal ? [request.signal] : [])]);
    try {
      const opened = await this.open(url, { ...request, signal }, this.limits.metadataTimeoutMs + 1000);
      return { ...opened, body: await readAll(opened, { ...request, signal }) };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Opens an answer of any status; the caller reads or cancels its body before `timeoutMs` are over. */
  async open(url: URL, request: UpstreamRequest, timeoutMs: number): Promise<OpenAnswer> {
    const { method = 'GET' } = request;
    let hop: OutboundHop = { url, method, headers: headersFor(url, request), body: null };
    for (let hops = 0; ; hops += 1) {
      const response = await this.send(hop, request, timeoutMs);
      const next = follow(hop, response);
      if (next === undefined) return { response, url: hop.url, isSameOrigin: hop.url.origin === url.origin };
      await response.body?.cancel();
      if (hops >= MAX_REDIRECTS) {
        throw new UpstreamRedirectRefused(`${url.host} redirects more than ${MAX_REDIRECTS} times`);
      }
      hop = { ...next, headers: headersFor(next.url, request, url) };
    }
  }

  private async send(hop: OutboundHop, request: UpstreamRequest, timeoutMs: number): Promise<Response> {
    try {
      return await this.http.fetch(hop.url, {
        purpose: 'mirror',
        method: hop.method,
        headers: hop.headers,
        redirect: 'manual',
        timeoutMs,
        maxBytes: request.maxBytes + SLACK_BYTES,
        signal: request.signal ?? null,
      });
    } catch (error) {
      throw failureOf(error, hop.url, request.signal);
    }
  }
}

/** What went wrong, as a failure of the mirror; the reason for which a request was ended comes first. */
export function failureOf(error: unknown, url: URL, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) {
    const reason: unknown = signal.reason;
    return reason instanceof MirrorFailure ? reason : new MirrorInterrupted();
  }
  if (error instanceof MirrorFailure) return error;
  if (error instanceof EgressRefused) return new UpstreamNotAllowed(error.message, { cause: error });
  const sentence =
    error instanceof OutboundFailed ? error.message : `The connection to ${url.host} broke before the end`;
  return new UpstreamUnreachable(sentence, { cause: error });
}

function headersFor(target: URL, request: UpstreamRequest, first: URL = target): Headers {
  const headers = new Headers({
    accept: request.accept ?? '*/*',
    'accept-encoding': 'identity',
    'user-agent': USER_AGENT,
  });
  const { upstream, etag, range } = request;
  if (upstream?.token !== undefined && upstream.url.origin === target.origin) {
    headers.set('authorization', `Bearer ${upstream.token}`);
  }
  if (etag !== undefined && first.origin === target.origin) headers.set('if-none-match', etag);
  if (range !== undefined) {
    headers.set('range', `bytes=${range.from}-`);
    headers.set('if-range', range.validator);
  }
  return headers;
}

function follow(hop: OutboundHop, response: Response): OutboundHop | undefined {
  try {
    return nextHop(hop, response);
  } catch (error) {
    void response.body?.cancel().catch(() => undefined);
    if (!(error instanceof OutboundFailed)) throw error;
    throw new UpstreamRedirectRefused(error.message, { cause: error });
  }
}

async function readAll({ response, url }: OpenAnswer, request: UpstreamRequest): Promise<Buffer> {
  const { what, maxBytes, signal } = request;
  const tooLarge = `it is larger than ${maxBytes} bytes`;
  if (Number(response.headers.get('content-length') ?? 0) > maxBytes) {
    await response.body?.cancel();
    throw new UpstreamAnswerInvalid(url.host, what, tooLarge);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > maxBytes) throw new UpstreamAnswerInvalid(url.host, what, tooLarge);
      chunks.push(chunk);
    }
  } catch (error) {
    throw failureOf(error, url, signal);
  }
  return Buffer.concat(chunks);
}
