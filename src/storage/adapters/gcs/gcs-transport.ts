import { gaxios } from 'google-auth-library';
import { Readable } from 'node:stream';
import type { ObjectStoreConnections } from '../../object-store-connections.js';
import { IdleLimit } from './idle-limit.js';

const SLICE_BYTES = 256 * 1024;
/** For the client below gaxios, which would unpack what is stored packed. */
const RAW_BODY: object = { compress: false };

/** One request as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent one after the other. */
  readonly body?: readonly Buffer[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body has not been read. The reader reads `body` to its end or destroys it. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readable;
}

/**
 * The HTTP client of Google's libraries over the connections of the server, so that the egress guard sees every one
 * of them. It retries nothing. `rewritten` may lead a request elsewhere.
 */
export function guardedClient(
  connections: ObjectStoreConnections,
  timeoutMs: number,
  rewritten: (url: URL) => URL = (url) => url,
): gaxios.Gaxios {
  const client = new gaxios.Gaxios({
    agent: ({ protocol }) => (protocol === 'https:' ? connections.https : connections.http),
    timeout: timeoutMs,
  });
  client.interceptors.request.add({
    resolved: async (options) => {
      options.url = rewritten(options.url);
      options.retry = false;
      options.retryConfig = { retry: 0 };
      return options;
    },
  });
  return client;
}

/** Sends requests, and hands on answers as they are, whatever their status. */
export class GcsTransport {
  private readonly client: gaxios.Gaxios;

  constructor(
    connections: ObjectStoreConnections,
    /** Longest time in which nothing moves, connecting and waiting for the answer included, in milliseconds. */
    readonly idleMs: number,
  ) {
    this.client = guardedClient(connections, 0);
  }

  /** Rejects with the error of the network, or with the reason of `signal`. */
  async send({ method, url, headers, body = [], signal }: WireRequest): Promise<WireAnswer> {
    const idle = new IdleLimit(this.idleMs);
    const length = body.reduce((sum, part) => sum + part.length, 0);
    try {
      const answer = await this.client.request<Readable | ''>({
        method,
        url,
        headers: { ...headers, ...(length > 0 && { 'content-length': String(length) }) },
        ...(length > 0 && { data: sliced(body, idle) }),
        signal: signal ? AbortSignal.any([signal, idle.signal]) : idle.signal,
        responseType: 'stream',
        validateStatus: () => true,
        redirect: 'manual',
        ...RAW_BODY,
      });
      return { status: answer.status, headers: answer.headers, body: answer.data || Readable.from([]) };
    } catch (error) {
      signal?.throwIfAborted();
      idle.signal.throwIfAborted();
      throw withoutRequest(error, method);
    } finally {
      idle.stop();
    }
  }
}

/** The words and the code of a failure of the network; the error of the client holds the token and the address. */
function withoutRequest(error: unknown, method: string): Error {
  const { code, message = '' } = error as { code?: string; message?: string };
  const reason = /reason: (.*)$/s.exec(message)?.[1] ?? 'no answer';
  return Object.assign(new Error(`${method} ${code ?? ''}: ${reason}`), { code });
}

/** In small pieces, so that little waits in front of a slow connection, and progress is seen. */
function sliced(body: readonly Buffer[], idle: IdleLimit): Readable {
  function* slices(): Iterable<Buffer> {
    for (const part of body) {
      for (let at = 0; at < part.length; at += SLICE_BYTES) {
        idle.moved();
        yield part.subarray(at, at + SLICE_BYTES);
      }
    }
  }
  return Readable.from(slices(), { objectMode: false, highWaterMark: SLICE_BYTES });
}
