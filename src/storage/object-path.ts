import { ObjectStoreRejected } from './object-store.errors.js';

const MAX_PATH_BYTES = 1024;
const MAX_SEGMENT_BYTES = 255;
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\\\ufffe\uffff]|\p{Surrogate}/u;
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * Whether every store accepts `path`: segments joined by `/`, none empty, none beginning with a dot (names a
 * store keeps for itself), none longer than 255 bytes or a device name of Windows; no backslash, no control
 * character, no lone surrogate; 1 024 bytes at most. Not only ASCII.
 */
export function isObjectPath(path: string): boolean {
  if (path === '' || Buffer.byteLength(path) > MAX_PATH_BYTES || FORBIDDEN.test(path)) return false;
  return path.split('/').every(isSegment);
}

function isSegment(segment: string): boolean {
  if (segment === '' || segment.startsWith('.') || WINDOWS_DEVICE.test(segment)) return false;
  return Buffer.byteLength(segment) <= MAX_SEGMENT_BYTES;
}

/** Throws `ObjectStoreRejected` (`path`) for everything that {@link isObjectPath} refuses. */
export function assertObjectPath(path: string): void {
  if (!isObjectPath(path)) throw new ObjectStoreRejected('path');
}
