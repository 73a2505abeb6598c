import { type ArchivePath, resolveArchivePath } from './archive-path.js';

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const SAFE_SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'mailto:']);
/** Browsers skip these at both ends of an address and inside a scheme. */
const IGNORED = /[\u0000-\u0020\u007f-\u00a0\u200b-\u200f\u2028-\u202f\ufeff]/g;
const MAX_ADDRESS_LENGTH = 2048;

/** Before every id that a document defines, so that none can take the place of an id of the page around it. */
export const ID_PREFIX = 'readme-';

/** What an address in a document points to. */
export type DocumentTarget =
  | { readonly kind: 'external'; readonly url: string }
  | { readonly kind: 'heading'; readonly id: string }
  | { readonly kind: 'archive'; readonly place: ArchivePath };

/** Reads an address as the author of a document in the folder `base` meant it; `null` when it may not be followed. */
export function documentTarget(base: string, address: string): DocumentTarget | null {
  const compact = address.replaceAll(IGNORED, '');
  if (compact === '' || compact.length > MAX_ADDRESS_LENGTH) return null;
  if (SCHEME.test(compact)) return externalTarget(compact);
  if (compact.startsWith('//') || compact.startsWith('\\')) return null;
  if (compact.startsWith('#')) return { kind: 'heading', id: documentId(compact.slice(1)) };
  const place = resolveArchivePath(base, address.trim());
  return place && { kind: 'archive', place };
}

/** An id of a document with its prefix. */
export function documentId(name: string): string {
  let plain = name;
  try {
    plain = decodeURIComponent(name);
  } catch {
    // A stray percent sign belongs to the name.
  }
  const safe = plain.replaceAll(/[^\p{L}\p{N}_.:-]/gu, '-').slice(0, 200);
  return safe.startsWith(ID_PREFIX) ? safe : ID_PREFIX + safe;
}

function externalTarget(address: string): DocumentTarget | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  return SAFE_SCHEMES.has(url.protocol) ? { kind: 'external', url: url.href } : null;
}
