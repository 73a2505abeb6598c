import { type Bucket, Storage } from '@google-cloud/storage';
import type { Readable } from 'node:stream';
import type { GcsSettings } from '../../domain/backend-settings.js';
import type { ObjectStoreConnections } from '../../object-store-connections.js';
import { GcsCredentials } from './gcs-credentials.js';
import { GcsRefusal } from './gcs.errors.js';
import type { GcsIdentity } from './gcs-identity.js';
import { GcsTransport, type WireAnswer } from './gcs-transport.js';
import { IdleLimit } from './idle-limit.js';

const GOOGLE = 'https://storage.googleapis.com';
const MAX_JSON_BYTES = 32 * 1024 * 1024;

/** A request to the JSON API. */
export interface GcsRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the endpoint, encoded, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: readonly Buffer[];
  readonly signal?: AbortSignal | undefined;
  /** Statuses besides 2xx that are no failure. */
  readonly accepts?: readonly number[];
}

/** What the API says about an object. */
export interface GcsObject {
  readonly name?: string;
  /** Bytes, in decimal digits. */
  readonly size?: string;
  /** RFC 3339. */
  readonly timeCreated?: string;
  readonly generation?: string;
  /** Base64. */
  readonly md5Hash?: string;
}

/** As much of the type of SDK requests as its JSON calls use. */
interface SdkRequest {
  readonly uri: string;
  readonly method?: string;
  readonly qs?: Readonly<Record<string, unknown>>;
}
type SdkCallback = (error: Error | null, body?: unknown, response?: unknown) => void;

/**
 * The JSON API of Google Cloud Storage for one bucket. Failures are `GcsRefusal`, `GcsLoginFailed` and those of the
 * network; nothing is retried, except once with a new token when the old one is not accepted any more. What the SDK
 * asks, about metadata and lists, is sent from here too: its own HTTP client accepts neither connections nor time
 * limits, and a reader who leaves early would end the connections of all others.
 */
export class GcsApi {
  /** Scheme and host, without a slash at the end. */
  readonly endpoint: string;
  /** Longest time in which nothing moves, in milliseconds. */
  readonly idleMs: number;
  private readonly credentials: GcsCredentials;
  private readonly transport: GcsTransport;
  private sdk: { readonly identity: GcsIdentity; readonly bucket: Bucket } | undefined;

  constructor(
    private readonly settings: GcsSettings,
    connections: ObjectStoreConnections,
    idleMs: number,
  ) {
    this.endpoint = (settings.endpoint ?? GOOGLE).replace(/\/+$/, '');
    this.idleMs = idleMs;
    this.credentials = new GcsCredentials(settings, connections);
    this.transport = new GcsTransport(connections, idleMs);
  }

  /** The answer to `request`, its body unread. Throws `GcsRefusal` for every status that is not accepted. */
  async send(request: GcsRequest): Promise<WireAnswer> {
    const url = this.endpoint + request.path;
    const headers = await this.credentials.headers(url);
    let answer = await this.transport.send({ ...request, url, headers: { ...request.headers, ...headers } });
    if (answer.status === 401) {
      answer.body.destroy();
      await this.credentials.renew(headers);
      const renewed = await this.credentials.headers(url);
      answer = await this.transport.send({ ...request, url, headers: { ...request.headers, ...renewed } });
    }
    const isAccepted = answer.status >= 200 && answer.status < 300;
    if (isAccepted || request.accepts?.includes(answer.status)) return answer;
    throw await this.refusalOf(answer);
  }

  /** The JSON in the answer to `request`; undefined when it is empty. */
  async json<T>(request: GcsRequest): Promise<T | undefined> {
    return this.read<T>(await this.send(request));
  }

  /** The JSON of an answer; undefined when it is empty. */
  async read<T>({ body }: WireAnswer): Promise<T | undefined> {
    const text = await textOf(body, this.idleMs);
    return text === '' ? undefined : (JSON.parse(text) as T);
  }

  /** Reads the rest of an answer that nobody wants, so that its connection can be used again. */
  async discard({ body }: WireAnswer): Promise<void> {
    await textOf(body, this.idleMs);
  }

  /** The bucket as the SDK sees it, and who signs for it. */
  async bucket(): Promise<{ bucket: Bucket; identity: GcsIdentity }> {
    const identity = await this.credentials.identity();
    if (this.sdk?.identity !== identity) this.sdk = { identity, bucket: this.bucketOf(identity) };
    return this.sdk;
  }

  /** Runs what asks the authentication library by itself. Throws as `send`. */
  async asLogin<T>(work: Promise<T>): Promise<T> {
    return this.credentials.guarded(work);
  }

  private bucketOf({ auth }: GcsIdentity): Bucket {
    const storage = new Storage({ apiEndpoint: this.endpoint, authClient: auth });
    // An environment variable of the SDK would change it.
    storage.baseUrl = `${this.endpoint}/storage/v1`;
    const send = (request: SdkRequest, callback: SdkCallback): void => {
      const path = request.uri.slice(this.endpoint.length);
      const query = queryOf(request);
      const method = (request.method ?? 'GET') as GcsRequest['method'];
      this.json({ method, path: `${path}?${query}` }).then(
        (body) => callback(null, body, body),
        (error: Error) => callback(error),
      );
    };
    storage.makeAuthenticatedRequest = Object.assign(send, {
      authClient: storage.authClient,
    }) as unknown as Storage['makeAuthenticatedRequest'];
    return storage.bucket(this.settings.bucket);
  }

  private async refusalOf(answer: WireAnswer): Promise<GcsRefusal> {
    const text = await textOf(answer.body, this.idleMs).catch(() => '');
    const { message, errors } = errorIn(text);
    return new GcsRefusal(answer.status, errors?.[0]?.reason, message ?? `Status ${answer.status}`);
  }
}

/** Without what the SDK tells only itself. */
function queryOf({ qs = {} }: SdkRequest): URLSearchParams {
  const given = Object.entries(qs).filter(([name, value]) => name !== 'autoPaginate' && value !== undefined);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
}

interface ApiError {
  readonly message?: string;
  readonly errors?: readonly { readonly reason?: string }[];
}

function errorIn(text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as { error?: ApiError };
    return typeof error === 'object' ? error : {};
  } catch {
    return {};
  }
}

/** Throws when nothing comes for `idleMs`, or too much. */
async function textOf(body: Readable, idleMs: number): Promise<string> {
  const idle = new IdleLimit(idleMs);
  const stop = () => body.destroy(idle.signal.reason as Error);
  idle.signal.addEventListener('abort', stop);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      idle.moved();
      bytes += chunk.length;
      if (bytes > MAX_JSON_BYTES) throw new Error('The answer is too long');
      chunks.push(chunk);
    }
  } finally {
    idle.stop();
  }
  return Buffer.concat(chunks).toString();
}
