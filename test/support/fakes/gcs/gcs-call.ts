import type { IncomingMessage } from 'node:http';
import type { ErrorForm } from './gcs-answers.js';

/**
 * What is called. `begin`, `chunk`, `progress` (how far an upload is) and `cancel` are those of resumable uploads, `signed` is GET and HEAD of the XML API; the last five belong to the servers of tokens.
 */
export type GcsOperation =
  | 'insert'
  | 'begin'
  | 'chunk'
  | 'progress'
  | 'cancel'
  | 'stat'
  | 'media'
  | 'delete'
  | 'list'
  | 'bucket'
  | 'signed'
  | 'token'
  | 'sts'
  | 'impersonate'
  | 'signBlob'
  | 'metadata';

/** A request as far as it is understood without its body. */
export interface GcsCall {
  readonly operation: GcsOperation;
  readonly method: string;
  /** As it came, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly bucket: string;
  /** Of the object, or of the account for the servers of tokens. */
  readonly name: string;
  readonly body: AsyncIterable<Buffer>;
}

type Route = readonly [method: RegExp, path: RegExp, operation: GcsOperation];

const UPLOADS = /^\/upload\/storage\/v1\/b\/(?<bucket>[^/]+)\/o$/;
const BUCKET = /^\/storage\/v1\/b\/(?<bucket>[^/]+)$/;
const OBJECTS = /^\/storage\/v1\/b\/(?<bucket>[^/]+)\/o\/?$/;
const OBJECT = /^\/storage\/v1\/b\/(?<bucket>[^/]+)\/o\/(?<name>[^/]+)$/;
const ACCOUNT = String.raw`^\/v1\/projects\/-\/serviceAccounts\/(?<name>[^/:]+):`;

/** The first that fits counts. */
const ROUTES: readonly Route[] = [
  [/^POST$/, /^\/token$/, 'token'],
  [/^POST$/, /^\/v1\/token$/, 'sts'],
  [/^POST$/, new RegExp(`${ACCOUNT}generateAccessToken$`), 'impersonate'],
  [/^POST$/, new RegExp(`${ACCOUNT}signBlob$`), 'signBlob'],
  [/^GET$/, /^\/computeMetadata\/v1\/(?<name>.+)$/, 'metadata'],
  [/^POST$/, UPLOADS, 'insert'],
  [/^PUT$/, UPLOADS, 'chunk'],
  [/^DELETE$/, UPLOADS, 'cancel'],
  [/^GET$/, BUCKET, 'bucket'],
  [/^GET$/, OBJECTS, 'list'],
  [/^GET$/, OBJECT, 'stat'],
  [/^DELETE$/, OBJECT, 'delete'],
  [/./, /^\/(?<bucket>[^/]+)(?:\/(?<name>.*))?$/, 'signed'],
];

/** The call that a request is; undefined for one that the server does not know. */
export function callOf(request: IncomingMessage): GcsCall | undefined {
  const { method = 'GET', headers } = request;
  const [, path = '/', search = ''] = /^([^?]*)\??(.*)$/.exec(request.url ?? '/') ?? [];
  const query = new URLSearchParams(search);
  for (const [methods, paths, operation] of ROUTES) {
    const found = methods.test(method) ? paths.exec(path) : null;
    if (!found) continue;
    const { bucket = '', name = '' } = found.groups ?? {};
    return {
      operation: refined(operation, query, headers),
      method,
      path,
      query,
      headers,
      bucket: decodeURIComponent(bucket),
      name: decodeURIComponent(name),
      body: request,
    };
  }
  return undefined;
}

/** What parameters and headers make of an operation. */
function refined(
  operation: GcsOperation,
  query: URLSearchParams,
  headers: IncomingMessage['headers'],
): GcsOperation {
  if (operation === 'insert' && query.get('uploadType') === 'resumable') return 'begin';
  if (operation === 'chunk' && headers['content-range']?.startsWith('bytes */')) return 'progress';
  if (operation === 'stat' && query.get('alt') === 'media') return 'media';
  return operation;
}

/** How failures of a call are written. */
export function errorFormOf(operation: GcsOperation): ErrorForm {
  if (operation === 'signed') return 'xml';
  return operation === 'token' || operation === 'sts' ? 'oauth' : 'json';
}

/** The whole body of a call. */
export async function bytesOf({ body }: GcsCall): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
