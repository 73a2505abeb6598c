import { setTimeout as pause } from 'node:timers/promises';
import { ObjectStoreUnavailable } from '../../object-store.errors.js';
import type { GcsApi, GcsObject } from './gcs-api.js';
import { GcsRefusal, isPassing } from './gcs.errors.js';

/** Waits before an interrupted chunk is taken up again, as long as nothing of it arrives. */
const PAUSES_MS = [50, 500, 2_000];
const NOTHING = Buffer.alloc(0);
/** The service has a part of the upload and waits for more. */
const INCOMPLETE = 308;
/** What the service says when it has given an upload up, or does not know it any more. */
const GONE = [499, 404, 410];

/** How many bytes the service has from the beginning of an upload, and the object when it has them all. */
interface Progress {
  readonly received: number;
  readonly object?: GcsObject | undefined;
}

/**
 * A resumable upload that was begun. Chunks go to it one after the other; one that breaks off is taken up again where
 * the service says that it stopped.
 */
export class ResumableSession {
  readonly begunAtMs = Date.now();
  private received = 0;

  private constructor(
    private readonly api: GcsApi,
    private readonly path: string,
    private readonly size: number,
  ) {}

  /**
   * Begins an upload of `size` bytes; `metadata` are those of the object. Cannot be given up in the middle: what the
   * service has begun must be known, to be cancelled.
   */
  static async begin(api: GcsApi, path: string, metadata: object, size: number): Promise<ResumableSession> {
    const answer = await api.send({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json; charset=utf-8', 'x-upload-content-length': String(size) },
      body: [Buffer.from(JSON.stringify(metadata))],
    });
    await api.discard(answer);
    const location = answer.headers.get('location');
    if (location === null) throw new ObjectStoreUnavailable('put: no session was begun');
    // The service may name itself as only it is known inside; the token goes to the endpoint of the settings only.
    const { pathname, search } = new URL(location, api.endpoint);
    return new ResumableSession(api, pathname + search, size);
  }

  /**
   * Sends the bytes that follow those sent before. The object when they were the last ones: these come with the
   * `md5` (Base64) of all, and the service refuses the whole upload when it has another one.
   */
  async send(bytes: Buffer, md5: string | undefined, signal?: AbortSignal): Promise<GcsObject | undefined> {
    const start = this.received;
    let failures = 0;
    let isSure = true;
    for (;;) {
      try {
        const rest = isSure ? bytes.subarray(this.received - start) : NOTHING;
        const { received, object } = await this.put(rest, md5, signal);
        if (object) return object;
        // Only this chunk is in memory: what lies before it cannot be sent again.
        if (received < start) throw new ObjectStoreUnavailable('put: the service lost bytes');
        if (received > this.received) failures = 0;
        else if (isSure) throw new GcsRefusal(503, undefined, 'Nothing was taken');
        this.received = received;
        if (received === start + bytes.length && received < this.size) return undefined;
        isSure = true;
      } catch (error) {
        signal?.throwIfAborted();
        const waitMs = PAUSES_MS[failures++];
        if (!isPassing(error) || waitMs === undefined) throw error;
        await pause(waitMs, undefined, { signal });
        isSure = false;
      }
    }
  }

  /** Gives the upload up: the service keeps nothing of it. */
  async cancel(): Promise<void> {
    const answer = await this.api.send({ method: 'DELETE', path: this.path, accepts: GONE });
    await this.api.discard(answer);
  }

  /** Sends bytes from where the service is; without any, only asks where that is. */
  private async put(bytes: Buffer, md5: string | undefined, signal?: AbortSignal): Promise<Progress> {
    const end = this.received + bytes.length;
    const range = bytes.length === 0 ? '*' : `${this.received}-${end - 1}`;
    const isLast = bytes.length > 0 && end === this.size;
    const answer = await this.api.send({
      method: 'PUT',
      path: this.path,
      headers: {
        'content-range': `bytes ${range}/${this.size}`,
        ...(isLast && md5 !== undefined && { 'x-goog-hash': `md5=${md5}` }),
      },
      body: [bytes],
      signal,
      accepts: [INCOMPLETE, ...GONE],
    });
    if (GONE.includes(answer.status)) throw new ObjectStoreUnavailable(`put: session ${answer.status}`);
    if (answer.status !== INCOMPLETE) {
      return { received: this.size, object: (await this.api.read<GcsObject>(answer)) ?? {} };
    }
    await this.api.discard(answer);
    const last = /^bytes=0-(\d+)$/.exec(answer.headers.get('range') ?? '')?.[1];
    return { received: last === undefined ? 0 : Number(last) + 1 };
  }
}
