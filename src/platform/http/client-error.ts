import type { Socket } from 'node:net';
import { type HeaderSet } from './security-headers.js';

const ANSWERS: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The request headers are too large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Content Too Large', 'The chunk extensions are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'Request timed out'],
};
const MALFORMED = [400, 'Bad Request', 'Malformed request'] as const;

/** The state of a socket that `node:http` keeps to itself: the answer that is being written. */
interface SocketInUse extends Socket {
  readonly _httpMessage?: { readonly _headerSent?: boolean } | null;
}

/**
 * Answers what is not HTTP (threats W1 to W3) with 400, 408, 413 or 431 and closes the connection, unless an
 * answer is already under way, which must not be mixed with another.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket, headers: HeaderSet): void {
  const isAnswering = (socket as SocketInUse)._httpMessage?._headerSent === true;
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) {
    socket.destroy();
    return;
  }
  const [status, reason, sentence] = ANSWERS[error.code ?? ''] ?? MALFORMED;
  const body = JSON.stringify({ error: sentence });
  const lines = [
    `HTTP/1.1 ${status} ${reason}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroySoon());
}
