import { isObjectPath } from './object-path.js';
import { InvalidFilePath } from './storage.errors.js';

/** Where files are served. */
export const FILES_PREFIX = '/v1/files/';

/** The route of files, as metrics and log name it. */
export const FILES_ROUTE = '/v1/files/*';

/** The object and the query that a file URL names. */
export interface FileTarget {
  /** Decoded object path. */
  readonly keyPath: string;
  /** Without `?`. */
  readonly query: URLSearchParams;
}

/** Reads a request target below `/v1/files/`. Throws InvalidFilePath for what can be no object path. */
export function parseFileTarget(url: string): FileTarget {
  const queryStart = url.indexOf('?');
  const path = queryStart === -1 ? url : url.slice(0, queryStart);
  const query = new URLSearchParams(queryStart === -1 ? '' : url.slice(queryStart + 1));
  return { keyPath: decoded(path.slice(FILES_PREFIX.length)), query };
}

function decoded(path: string): string {
  try {
    const segments = path.split('/').map(decodeURIComponent);
    const keyPath = segments.join('/');
    if (segments.some((segment) => segment.includes('/')) || !isObjectPath(keyPath))
      throw new InvalidFilePath();
    return keyPath;
  } catch {
    throw new InvalidFilePath();
  }
}
