import type { Readable } from 'node:stream';
import type { ByteRange } from '../platform/http/byte-range.js';

/** A file of the server that nobody changes any more. */
export interface FileSource {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /**
   * SHA-256 (hex) that the caller found in the file. A store that reads the file while it stores it compares, and
   * refuses other bytes (`digest`); one that takes the file over as it is does not read it for that.
   */
  readonly digest?: string;
}

/** Bytes to store: in memory, or a file. */
export type ObjectSource = Buffer | FileSource;

/** What may be said about a `put`. */
export interface PutOptions {
  /** SHA-256 (hex) that the bytes must have; unless given they are stored as they are. */
  readonly digest?: string;
  /** What the bytes are; a store may keep mirrored content in another access tier. `published` unless given. */
  readonly content?: 'published' | 'mirrored';
  /** Ends the attempt; what was written so far is removed. */
  readonly signal?: AbortSignal;
}

/** What a `put` did: wrote a new object, or found one of that path and size. */
export type PutOutcome = 'created' | 'existed';

/** Part of an object: from `start` (to `end`, inclusive, cut at the size), or its last `suffix` bytes. */
export type ObjectRange = ByteRange;

/** An open object, or part of one. The caller reads `stream` to its end or destroys it, or calls `copyTo` instead. */
export interface ObjectBody {
  /** Size of the whole object. */
  readonly size: number;
  /** First byte of `stream` within the object. */
  readonly start: number;
  /** Number of bytes that `stream` has. */
  readonly length: number;
  readonly stream: Readable;
  /**
   * Where a backend can do it: hands the bytes to `write` piece by piece in a buffer that is used again, so
   * `write` settles when it is done with the piece. Spares large downloads the garbage of a stream. Once,
   * instead of `stream`; rejects with what `write` or the reading throws, and has closed the object then.
   */
  copyTo?(write: (piece: Buffer) => Promise<void>): Promise<void>;
}

/** An object as it is found in the store. */
export interface StoredObject {
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedAtMs: number;
}

/** How a direct link is to behave. */
export interface SignedUrlOptions {
  readonly expiresAtMs: number;
  readonly filename: string;
  readonly contentType: string;
}

/**
 * Where bytes are kept: objects that are written once under a path, never changed, and read as a whole or in
 * part. Paths are those of `isObjectPath`; another one is `ObjectStoreRejected` (`path`) from every method. No
 * path may be a folder of another (`a` beside `a/b`): not every store can keep both.
 * Failures are sorted: `ObjectNotFound` (the store was asked and has no such object), `ObjectStoreUnavailable`
 * (try again) and `ObjectStoreRejected` (do not). In doubt a failure is `ObjectStoreUnavailable`, never
 * `ObjectNotFound`. No method is called inside a database transaction.
 */
export abstract class ObjectStore {
  /** The name in the log and in error messages: `local`, `memory`. */
  abstract readonly driver: string;

  /**
   * Stores an object. It appears whole and durable, or not at all; nobody ever sees a part of it. An object
   * that exists is never replaced: one of the same size is success (`existed`), of another size
   * `ObjectStoreRejected` (`exists`). Of several writers of one path exactly one is told `created`. Bytes
   * with another digest or size than was said are `ObjectStoreRejected` (`digest`, `size`). A source file
   * may become the stored object itself: it must not be changed afterwards; removing it is harmless.
   */
  abstract put(path: string, source: ObjectSource, options?: PutOptions): Promise<PutOutcome>;

  /**
   * Opens an object, or the part of it that `range` names. What `put` returned for can be read at once.
   * A range that contains no byte of the object is `ObjectStoreRejected` (`range`, with the size). A failure
   * while reading destroys the stream with the error; it never ends early as if the object were shorter.
   */
  abstract get(path: string, range?: ObjectRange): Promise<ObjectBody>;

  /** Size and time of an object without opening it; `ObjectNotFound` when there is none. */
  abstract stat(path: string): Promise<StoredObject>;

  /** Removes one object. Success when there is none. */
  abstract delete(path: string): Promise<void>;

  /**
   * All objects whose path begins with the text `prefix` (`a/b` finds `a/bc` and `a/b/c`), in the order of
   * the UTF-8 bytes of their paths, however many there are. Objects stored or removed meanwhile may be in
   * the list or not. Ends with `ObjectStoreUnavailable` rather than with an incomplete list.
   */
  abstract list(prefix: string): AsyncIterable<StoredObject>;

  /**
   * A URL of the store itself that opens this one object for GET until `expiresAtMs` (and for HEAD, unless the
   * store signs the method), without asking the store; undefined where it has none: then the server streams.
   */
  abstract signedUrl(path: string, options: SignedUrlOptions): Promise<string | undefined>;

  /**
   * Removes what uploads left behind that were begun longer than `olderThanMs` ago and never finished: parts of
   * multipart uploads, uncommitted blocks, resumable sessions. Returns how many uploads; zero where the store
   * forgets them by itself.
   */
  abstract removeUnfinished(olderThanMs: number): Promise<number>;

  /** Ends connections and timers; the store is not used afterwards. */
  abstract close(): Promise<void>;
}
