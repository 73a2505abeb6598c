import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { S3Failure } from './s3-answers.js';

export type S3Operation =
  | 'AbortMultipartUpload'
  | 'AssumeRole'
  | 'CompleteMultipartUpload'
  | 'CreateMultipartUpload'
  | 'DeleteObject'
  | 'GetObject'
  | 'HeadBucket'
  | 'HeadObject'
  | 'ListMultipartUploads'
  | 'ListObjectsV2'
  | 'PutObject'
  | 'UploadPart'
  | 'Unknown';

/** A request, taken apart. */
export interface S3Call {
  readonly operation: S3Operation;
  readonly method: string;
  readonly bucket: string;
  /** Decoded; empty for calls of the bucket. */
  readonly key: string;
  /** Decoded path and parameters as they were sent, for the signature. */
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  /** The range that is heeded. */
  readonly range: string | undefined;
  readonly request: IncomingMessage;
}

/** Reads a request in path style, or with the bucket as first label of the host name. */
export function callOf(request: IncomingMessage, bucket: string): S3Call {
  const [rawPath = '/', search = ''] = (request.url ?? '/').split(/\?(.*)/s);
  const path = decoded(rawPath);
  const query = new Map(
    search
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const [name = '', value = ''] = pair.split(/=(.*)/s);
        return [decoded(name.replaceAll('+', ' ')), decoded(value.replaceAll('+', ' '))] as const;
      }),
  );
  const inHost = request.headers.host?.startsWith(`${bucket}.`);
  const [, first = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(inHost ? `/${bucket}${path}` : path) ?? [];
  const { method = '', headers } = request;
  const operation = operationOf(method, first, key, query);
  return { operation, method, bucket: first, key, path, query, headers, range: headers.range, request };
}

function operationOf(
  method: string,
  bucket: string,
  key: string,
  query: ReadonlyMap<string, string>,
): S3Operation {
  if (bucket === '') return method === 'POST' ? 'AssumeRole' : 'Unknown';
  if (key === '') {
    if (method === 'HEAD') return 'HeadBucket';
    if (method !== 'GET') return 'Unknown';
    if (query.get('list-type') === '2') return 'ListObjectsV2';
    return query.has('uploads') ? 'ListMultipartUploads' : 'Unknown';
  }
  if (method === 'GET') return 'GetObject';
  if (method === 'HEAD') return 'HeadObject';
  if (method === 'PUT') return query.has('uploadId') ? 'UploadPart' : 'PutObject';
  if (method === 'DELETE') return query.has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject';
  if (method !== 'POST') return 'Unknown';
  if (query.has('uploads')) return 'CreateMultipartUpload';
  return query.has('uploadId') ? 'CompleteMultipartUpload' : 'Unknown';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Failure(400, 'InvalidURI');
  }
}

/** A header that is sent once. */
export function headerOf(call: S3Call, name: string): string | undefined {
  const value = call.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}
