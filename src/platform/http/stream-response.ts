import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type BytePart, type ByteRange, parseByteRange, resolveByteRange } from './byte-range.js';

/** Content that was opened; read one way or the other, once. */
export interface FileContent {
  readonly stream: Readable;
  /** Hands the bytes over in a buffer that is used again when `write` has settled. */
  copyTo?(write: (piece: Buffer) => Promise<void>): Promise<void>;
}

/** A file that is to be sent. Sizes in bytes. */
export interface ServedFile {
  /** Strong entity tag, with its quotes. */
  readonly etag: string;
  /** Headers of the content, as `name, value, name, value, …`; without length, range and entity tag. */
  readonly headers: readonly string[];
  /** Present when the whole content is in memory: then nothing is opened. */
  readonly bytes?: Buffer;
  /** The size of the whole content. */
  size(): number | Promise<number>;
  /** Opens a part of the content. */
  open(part: BytePart): Promise<FileContent>;
}

/** How a file is sent. */
export interface SendOptions {
  /** Headers of every answer, as `name, value, …`. */
  readonly headers: readonly string[];
  /** Longest time in which the client may take nothing. */
  readonly idleTimeoutMs: number;
  /** Called just before the first byte is written; until then an error can still be answered. */
  readonly beforeHead?: () => void;
  /** Called with what broke off an answer that had begun; the client leaving is not reported. */
  readonly onFailure?: (error: Error) => void;
}

/**
 * Sends a file for GET and HEAD: 200, 206 for one range, 304 when the client has it, 416 for a range outside.
 * The content is never encoded, and read only as fast as the client takes it. Returns the status when the head is
 * written, without a promise when the content is in memory. Throws what opening throws; nothing is written then.
 */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: ServedFile,
  options: SendOptions,
): number | Promise<number> {
  const { headers } = request;
  if (hasCurrent(headers['if-none-match'], file.etag)) {
    return head(response, 304, ['etag', file.etag], file, options, true);
  }
  const range = wantedRange(headers.range, headers['if-range'], file.etag);
  const size = file.size();
  return typeof size === 'number'
    ? sendPart(request, response, file, options, range, size)
    : size.then((known) => sendPart(request, response, file, options, range, known));
}

function sendPart(
  request: IncomingMessage,
  response: ServerResponse,
  file: ServedFile,
  options: SendOptions,
  range: ByteRange | undefined,
  size: number,
): number | Promise<number> {
  const part = resolveByteRange(range, size);
  if (!part) return unsatisfiable(response, size, options);
  const status = range === undefined ? 200 : 206;
  const framing = ['content-length', String(part.length), 'etag', file.etag, 'accept-ranges', 'bytes'];
  if (range !== undefined) {
    framing.push('content-range', `bytes ${part.start}-${part.start + part.length - 1}/${size}`);
  }
  if (request.method === 'HEAD' || part.length === 0)
    return head(response, status, framing, file, options, true);
  if (file.bytes) {
    head(response, status, framing, file, options, false);
    response.end(
      range === undefined ? file.bytes : file.bytes.subarray(part.start, part.start + part.length),
    );
    return status;
  }
  return file.open(part).then((content) => {
    head(response, status, framing, file, options, false);
    flow(content, response, options);
    return status;
  });
}

function head(
  response: ServerResponse,
  status: number,
  framing: readonly string[],
  file: ServedFile,
  options: SendOptions,
  isAll: boolean,
): number {
  options.beforeHead?.();
  response.writeHead(status, [...options.headers, ...framing, ...file.headers]);
  if (isAll) response.end();
  return status;
}

function unsatisfiable(response: ServerResponse, size: number, options: SendOptions): number {
  const body = Buffer.from('{"error":"The requested range lies outside the file"}');
  options.beforeHead?.();
  response.writeHead(416, [
    ...options.headers,
    ...['content-type', 'application/json; charset=utf-8', 'content-length', String(body.length)],
    ...['content-range', `bytes */${size}`, 'accept-ranges', 'bytes'],
  ]);
  response.end(response.req.method === 'HEAD' ? undefined : body);
  return 416;
}

/** A failure ends the connection, so that the client cannot take a part for the whole. */
function flow(content: FileContent, response: ServerResponse, options: SendOptions): void {
  const { idleTimeoutMs, onFailure } = options;
  response.setTimeout(idleTimeoutMs, () => response.destroy());
  const flowing = content.copyTo ? copy(content, response) : pipeline(content.stream, response);
  flowing.catch((error: Error) => {
    response.destroy();
    const hasLeft =
      error instanceof ClientLeft || (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!hasLeft) onFailure?.(error);
  });
}

/** Nobody takes the answer any more; not a failure of ours. */
class ClientLeft extends Error {}

/** Each piece is with the operating system before its buffer is filled again. */
async function copy(content: FileContent, response: ServerResponse): Promise<void> {
  let stop: (error: Error) => void = () => undefined;
  const onClose = (): void => stop(new ClientLeft());
  response.once('close', onClose);
  try {
    await content.copyTo!(
      (piece) =>
        new Promise((resolve, reject) => {
          stop = reject;
          if (response.destroyed) return onClose();
          response.write(piece, (error) => (error ? onClose() : resolve()));
        }),
    );
  } finally {
    response.off('close', onClose);
  }
  response.end();
}

/** `If-Range` needs a strong match; a date never matches, because files have none. */
function wantedRange(header: string | undefined, ifRange: unknown, etag: string): ByteRange | undefined {
  if (header === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined;
  return parseByteRange(header);
}

/** Weak comparison, as RFC 9110 demands for `If-None-Match`. */
function hasCurrent(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((entry) => {
    const tag = entry.trim();
    return tag === '*' || tag === etag || tag === `W/${etag}`;
  });
}
