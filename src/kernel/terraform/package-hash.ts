import { createHash } from 'node:crypto';

/** A file of a package, with its SHA-256 as lower-case hex. */
export interface HashedFile {
  readonly name: string;
  readonly digest: string;
}

/**
 * The `h1:` hash of Terraform's lock file: base64 of the SHA-256 over the lines `<digest>  <name>\n`, sorted
 * by the bytes of the names. A name with a line feed has no hash (an `Error`: archives refuse such names).
 */
export function directoryHash(entries: Iterable<HashedFile>): string {
  const files = [...entries].map(({ name, digest }) => ({ bytes: Buffer.from(name, 'utf8'), name, digest }));
  files.sort((left, right) => Buffer.compare(left.bytes, right.bytes));
  const hash = createHash('sha256');
  for (const { name, digest } of files) {
    if (name.includes('\n')) {
      throw new Error('A file name with a line feed cannot be hashed');
    }
    hash.update(`${digest}  ${name}\n`, 'utf8');
  }
  return `h1:${hash.digest('base64')}`;
}

/** The `zh:` hash of Terraform's lock file: the SHA-256 of the zip itself. */
export function zipHash(digest: string): string {
  return `zh:${digest}`;
}
