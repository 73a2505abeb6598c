import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Crc32c } from './crc32c.js';

const MAX_BYTES_IN_MEMORY = 1024 * 1024;

/** Bytes that the server keeps. */
export interface StoredBytes {
  readonly size: number;
  /** `length` bytes from `start` on. */
  read(start: number, length: number): AsyncIterable<Buffer>;
  remove(): Promise<void>;
}

/** Takes bytes in, small ones in memory, others in a file of `directory`; also those before the sender broke off. */
export async function keepBytes(bytes: AsyncIterable<Buffer>, directory: string): Promise<StoredBytes> {
  const path = join(directory, randomUUID());
  const inMemory: Buffer[] = [];
  let size = 0;
  let file: FileHandle | undefined;
  try {
    for await (const chunk of bytes) {
      size += chunk.length;
      if (!file && size > MAX_BYTES_IN_MEMORY) {
        file = await open(path, 'wx');
        for (const held of inMemory.splice(0)) await file.write(held);
      }
      if (file) await file.write(chunk);
      else inMemory.push(Buffer.from(chunk));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
  } finally {
    await file?.close();
  }
  return file ? inFile(path, size) : inMemoryOnly(Buffer.concat(inMemory));
}

/** One behind the other; of the last one only as much as makes `size`. */
export function joinedBytes(parts: readonly StoredBytes[]): StoredBytes {
  return {
    size: parts.reduce((sum, part) => sum + part.size, 0),
    async *read(start, length) {
      let skip = start;
      let left = length;
      for (const part of parts) {
        const here = Math.min(Math.max(part.size - skip, 0), left);
        if (here > 0) yield* part.read(skip, here);
        skip = Math.max(skip - part.size, 0);
        left -= here;
      }
    },
    async remove() {
      await Promise.all(parts.map((part) => part.remove()));
    },
  };
}

/** The first `size` bytes of others. */
export function beginningOf(bytes: StoredBytes, size: number): StoredBytes {
  return { size, read: (start, length) => bytes.read(start, length), remove: () => bytes.remove() };
}

/** MD5 and CRC32C in Base64, as the service says them. */
export async function hashesOf(bytes: StoredBytes): Promise<{ md5Hash: string; crc32c: string }> {
  const md5 = createHash('md5');
  const crc32c = new Crc32c();
  for await (const chunk of bytes.read(0, bytes.size)) {
    md5.update(chunk);
    crc32c.update(chunk);
  }
  return { md5Hash: md5.digest('base64'), crc32c: crc32c.base64() };
}

function inMemoryOnly(bytes: Buffer): StoredBytes {
  return {
    size: bytes.length,
    async *read(start, length) {
      if (length > 0) yield bytes.subarray(start, start + length);
    },
    async remove() {},
  };
}

function inFile(path: string, size: number): StoredBytes {
  return {
    size,
    async *read(start, length) {
      if (length > 0) yield* createReadStream(path, { start, end: start + length - 1 });
    },
    remove: () => rm(path, { force: true }),
  };
}
