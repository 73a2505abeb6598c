import { InvalidShasums } from './terraform.errors.js';

const MAX_BYTES = 1024 * 1024;
const LINE = /^([0-9a-f]{64}) {2}([0-9A-Za-z_][0-9A-Za-z._+~-]{0,254})$/;
const UPPER_CASE_DIGEST = /^[0-9A-Fa-f]{64} /;

/**
 * A SHA256SUMS document: one line `<64 lower-case hex digits><two spaces><file name>` per file, each ended by
 * one line feed. Everything that a client reads in another way, or not at all, is refused: blank lines, `*` and
 * `./` before names, folders, carriage returns, a byte order mark, upper-case digits, names listed twice.
 */
export class Shasums {
  private constructor(
    /** Digest (64 lower-case hex digits) by file name, in the order of the document. */
    readonly entries: ReadonlyMap<string, string>,
  ) {}

  /** Reads at most 1 MiB. Throws {@link InvalidShasums} naming the line. */
  static parse(document: Buffer | string): Shasums {
    if (document.length > MAX_BYTES) {
      throw new InvalidShasums('the document is larger than 1 MiB');
    }
    const text = typeof document === 'string' ? document : document.toString('latin1');
    if (text === '') {
      throw new InvalidShasums('the document is empty; list each package file with its SHA-256');
    }
    if (!text.endsWith('\n')) {
      throw new InvalidShasums('the last line does not end with a line feed; end every line with one');
    }
    const entries = new Map<string, string>();
    text
      .slice(0, -1)
      .split('\n')
      .forEach((line, index) => {
        const [digest, name] = parseLine(line, index + 1);
        if (entries.has(name)) {
          throw new InvalidShasums(`line ${index + 1} lists ${name} a second time`);
        }
        entries.set(name, digest);
      });
    return new Shasums(entries);
  }

  /** Writes the document for these (file name, digest) pairs, sorted by file name. */
  static format(entries: Iterable<readonly [filename: string, digest: string]>): string {
    return [...entries]
      .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
      .map(([filename, digest]) => `${digest}  ${filename}\n`)
      .join('');
  }
}

function parseLine(line: string, number: number): [digest: string, name: string] {
  const match = LINE.exec(line);
  if (match === null) {
    throw new InvalidShasums(`line ${number} ${complaint(line, number)}`);
  }
  const [, digest = '', name = ''] = match;
  return [digest, name];
}

/** What is wrong with a line that {@link LINE} does not match. */
function complaint(line: string, number: number): string {
  if (line.trim() === '') {
    return 'is blank; remove it';
  }
  if (line.endsWith('\r')) {
    return 'ends with a carriage return; end lines with a line feed only';
  }
  if (number === 1 && (line.startsWith('\uFEFF') || line.startsWith('\u00EF\u00BB\u00BF'))) {
    return 'begins with a byte order mark; save the document without one';
  }
  const name = line.slice(64).trimStart();
  if (name.startsWith('*')) {
    return 'has a * before the file name; write the checksums in text mode';
  }
  if (name.includes('/') || name.includes('\\')) {
    return 'names a file in a folder; write the file name alone';
  }
  if (UPPER_CASE_DIGEST.test(line) && /[A-F]/.test(line.slice(0, 64))) {
    return 'has upper-case hex digits; write the digest in lower case';
  }
  return 'is not "<64 hex digits>  <file name>"';
}
