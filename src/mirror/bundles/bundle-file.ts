import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { once } from 'node:events';
import { BundleInvalid, BundlePackageDamaged } from '../domain/bundle.errors.js';
import { type BundleHead, HEAD_ENTRIES, headChecksums, packageEntry } from './bundle-head.js';
import { type BundledPackage, type BundledRelease, MAX_MANIFEST_BYTES } from './bundle-manifest.js';
import { ARCHIVE_END, entryLength, HEADER_BYTES, paddingOf, sizeInHeader, tarHeader } from './tar-layout.js';

const MAX_SMALL_BYTES = 64 * 1024;
const PIECE_BYTES = 256 * 1024;

/**
 * A bundle on disk. Nothing of it but its signed manifest says where something is, and everything outside the packages
 * has to be exactly what a bundle of this manifest has there.
 */
export class BundleFile {
  private readonly offsets = new Map<BundledPackage, number>();

  private constructor(
    private readonly file: FileHandle,
    private readonly size: number,
    /** What stands before the packages; its checksums fit, its signature is still to be verified. */
    readonly head: BundleHead,
    private readonly headEnd: number,
  ) {}

  /** Reads the head. The caller closes it. Throws {@link BundleInvalid}. */
  static async open(path: string): Promise<BundleFile> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const reader = { file, size, at: 0 };
      const manifest = await readEntry(reader, HEAD_ENTRIES.manifest, MAX_MANIFEST_BYTES);
      const signature = await readEntry(reader, HEAD_ENTRIES.signature, MAX_SMALL_BYTES);
      const signer = await readEntry(reader, HEAD_ENTRIES.signer, MAX_SMALL_BYTES);
      const checksums = await readEntry(reader, HEAD_ENTRIES.checksums, MAX_SMALL_BYTES);
      const head = { manifest, signature, signer };
      if (!headChecksums(head).equals(checksums)) throw new BundleInvalid('its head is damaged');
      return new BundleFile(file, size, head, reader.at);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Demands that behind the head stand exactly the packages of these releases, and nothing else; their content is
   * verified by `extract`. Throws {@link BundleInvalid}.
   */
  async checkLayout(releases: readonly BundledRelease[]): Promise<void> {
    const packages = releases.flatMap((release) => release.packages);
    const length = packages.reduce((sum, { sizeBytes }) => sum + entryLength(sizeBytes), this.headEnd);
    if (this.size < length + ARCHIVE_END.length) throw truncated();
    if (this.size > length + ARCHIVE_END.length) throw new BundleInvalid('there is something behind its end');
    let at = this.headEnd;
    for (const held of packages) {
      const { digest, filename, sizeBytes } = held;
      const padding = paddingOf(sizeBytes);
      const header = await readAt(this.file, at, HEADER_BYTES);
      const behind = await readAt(this.file, at + HEADER_BYTES + sizeBytes, padding);
      if (
        !header.equals(tarHeader(packageEntry(digest), sizeBytes)) ||
        !behind.equals(Buffer.alloc(padding))
      ) {
        throw new BundleInvalid(`what surrounds ${filename} is not what a bundle has there`);
      }
      this.offsets.set(held, at + HEADER_BYTES);
      at += entryLength(sizeBytes);
    }
    const end = await readAt(this.file, at, ARCHIVE_END.length);
    if (!end.equals(ARCHIVE_END)) throw new BundleInvalid('its end is damaged');
  }

  /**
   * Copies a package to a new file, in constant memory. After `checkLayout`. Throws `BundlePackageDamaged` when it has
   * another digest than the manifest says; the file is then to be thrown away.
   */
  async extract(held: BundledPackage, path: string): Promise<void> {
    const start = this.offsets.get(held);
    if (start === undefined) throw new Error('The layout was not checked');
    const hash = createHash('sha256');
    const target = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    try {
      for (let done = 0; done < held.sizeBytes; done += PIECE_BYTES) {
        const piece = await readAt(this.file, start + done, Math.min(PIECE_BYTES, held.sizeBytes - done));
        hash.update(piece);
        if (!target.write(piece)) await once(target, 'drain');
      }
      target.end();
      await finished(target);
    } catch (error) {
      target.destroy();
      throw error;
    }
    const found = hash.digest('hex');
    if (found !== held.digest) throw new BundlePackageDamaged(held.filename, held.digest, found);
  }

  /** Ends all reading. */
  close(): Promise<void> {
    return this.file.close();
  }
}

interface HeadReader {
  readonly file: FileHandle;
  readonly size: number;
  at: number;
}

async function readEntry(reader: HeadReader, name: string, maxBytes: number): Promise<Buffer> {
  if (reader.size < reader.at + HEADER_BYTES) throw truncated();
  const header = await readAt(reader.file, reader.at, HEADER_BYTES);
  const size = sizeInHeader(header, name);
  if (size === undefined) throw new BundleInvalid(`${name} is not where a bundle has it`);
  if (size > maxBytes) throw new BundleInvalid(`${name} is larger than ${maxBytes} bytes`);
  if (reader.size < reader.at + entryLength(size)) throw truncated();
  const content = await readAt(reader.file, reader.at + HEADER_BYTES, size + paddingOf(size));
  if (content.subarray(size).some((byte) => byte !== 0))
    throw new BundleInvalid(`the end of ${name} is damaged`);
  reader.at += entryLength(size);
  return content.subarray(0, size);
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw truncated();
    done += bytesRead;
  }
  return bytes;
}

function truncated(): BundleInvalid {
  return new BundleInvalid('it is cut off; copy it again');
}
