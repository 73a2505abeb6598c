import { request as httpRequest } from 'node:http';
import type { Agent, IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { gunzipSync } from 'node:zlib';

/** How to call; `ca` is the PEM of a private certificate authority. */
export interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: Buffer | string;
  ca?: string;
  agent?: Agent;
  timeoutMs?: number;
}

/** An answer, read to its end. `body` is as it was sent; `json` undoes gzip. */
export interface Answer {
  status: number;
  reason: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  json<T = Record<string, unknown>>(): T;
}

function decoded(bytes: Buffer, encoding: string | undefined): Buffer {
  return encoding === 'gzip' ? gunzipSync(bytes) : bytes;
}

/** One HTTP request, without redirects or decompression, so that a test sees what is on the wire. */
export function request(url: string, options: RequestOptions = {}): Promise<Answer> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const body = options.body === undefined ? undefined : Buffer.from(options.body as string);
  const headers = { ...(body && { 'content-length': String(body.length) }), ...options.headers };
  return new Promise((done, fail) => {
    const call = send(
      url,
      { method: options.method ?? 'GET', headers, ca: options.ca, agent: options.agent ?? false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          done({
            status: response.statusCode ?? 0,
            reason: response.statusMessage ?? '',
            headers: response.headers,
            body: bytes,
            json: () => JSON.parse(decoded(bytes, response.headers['content-encoding']).toString('utf8')),
          });
        });
      },
    );
    call.setTimeout(options.timeoutMs ?? 30_000, () => call.destroy(new Error(`No answer from ${url}`)));
    call.on('error', fail);
    call.end(body);
  });
}
