import { ArchiveRejected } from './archives.errors.js';

const MAX_NAME_BYTES = 255;
const MAX_QUOTED = 100;

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const ASCII = /^[\x20-\x7e]*$/;
const DRIVE = /^[A-Za-z]:/;
/** `.git`, and the short name under which NTFS finds it. */
const GIT = /^(?:\.git|git~[0-9]+)$/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The name of an entry for a sentence: in quotes, cut at 100 characters, with everything invisible escaped. */
export function quoteEntry(name: Buffer | string): string {
  const text = typeof name === 'string' ? name : name.toString('utf8');
  const shown = [...text].slice(0, MAX_QUOTED).join('');
  const escaped = shown
    .replace(/["\\]/g, (character) => `\\${character}`)
    .replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
  return `"${escaped}${shown.length < text.length ? '…' : ''}"`;
}

/** The text of a name. Throws {@link ArchiveRejected} unless it is 1 to 255 bytes of printable UTF-8. */
export function decodeEntryName(raw: Buffer): string {
  if (raw.length === 0) {
    throw new ArchiveRejected('an entry has no name; pack the archive again');
  }
  if (raw.length > MAX_NAME_BYTES) {
    throw new ArchiveRejected(
      `the name of entry ${quoteEntry(raw)} is longer than ${MAX_NAME_BYTES} bytes; shorten it`,
    );
  }
  let name: string;
  try {
    name = utf8.decode(raw);
  } catch {
    throw new ArchiveRejected(`the name of entry ${quoteEntry(raw)} is not UTF-8; rename it`);
  }
  if (CONTROL.test(name)) {
    throw new ArchiveRejected(
      `the name of entry ${quoteEntry(name)} contains a control character; rename it`,
    );
  }
  if (BIDI.test(name)) {
    throw new ArchiveRejected(
      `the name of entry ${quoteEntry(name)} contains a text direction mark; rename it`,
    );
  }
  return name;
}

/**
 * Throws {@link ArchiveRejected} unless the path stays below the place where it is unpacked on every system:
 * relative, `/` between its parts, no part empty, `.`, `..`, `.git` or ending in a dot or a space.
 */
export function checkEntryPath(path: string): void {
  const refuse = (what: string): never => {
    throw new ArchiveRejected(`entry ${quoteEntry(path)} ${what}`);
  };
  if (path.startsWith('/') || DRIVE.test(path)) {
    refuse('has an absolute path; pack with paths relative to the module');
  }
  if (path.includes('\\')) {
    refuse('has a backslash in its path; use / between folders');
  }
  for (const part of path.split('/')) {
    if (part === '..') {
      refuse('leaves the archive with ".."; pack from the folder that contains everything');
    }
    if (part === '' || part === '.') {
      refuse('has an empty or "." part in its path; pack the archive again with plain paths');
    }
    if (part.endsWith('.') || part.endsWith(' ')) {
      refuse('has a part that ends with a dot or a space, which Windows drops; rename it');
    }
    if (GIT.test(foldEntryName(part))) {
      refuse('belongs to a .git folder; leave it out, e.g. with "tar --exclude=.git"');
    }
  }
}

/** The form in which two names are one file on some file system: NFC, without case. */
export function foldEntryName(name: string): string {
  if (ASCII.test(name)) {
    return name.toLowerCase();
  }
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}
