import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

const MAX_BYTES_IN_MEMORY = 1024 * 1024;

/** Bytes that the server keeps. */
export interface StoredBody {
  readonly size: number;
  /** `length` bytes from `start` on. */
  read(start: number, length: number): AsyncIterable<Buffer>;
  remove(): Promise<void>;
}

/** What came in, with its digests in hex. */
export interface ReceivedBody {
  readonly body: StoredBody;
  readonly sha256: string;
  readonly md5: string;
}

/** Takes bytes in: small ones in memory, others in a file of `directory`. Leaves nothing when the sender gives up. */
export async function receiveBody(bytes: AsyncIterable<Buffer>, directory: string): Promise<ReceivedBody> {
  const hashes = { sha256: createHash('sha256'), md5: createHash('md5') };
  const path = join(directory, randomUUID());
  const inMemory: Buffer[] = [];
  let size = 0;
  let file: FileHandle | undefined;
  try {
    for await (const chunk of bytes) {
      hashes.sha256.update(chunk);
      hashes.md5.update(chunk);
      size += chunk.length;
      if (!file && size > MAX_BYTES_IN_MEMORY) {
        file = await open(path, 'wx');
        for (const held of inMemory.splice(0)) await file.write(held);
      }
      if (file) await file.write(chunk);
      else inMemory.push(chunk);
    }
  } catch (error) {
    await file?.close();
    await rm(path, { force: true });
    throw error;
  }
  await file?.close();
  const body = file ? bodyInFile(path, size) : bodyInMemory(Buffer.concat(inMemory));
  return { body, sha256: hashes.sha256.digest('hex'), md5: hashes.md5.digest('hex') };
}

/** One body behind the other. */
export function joinedBody(parts: readonly StoredBody[]): StoredBody {
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

/** Bytes as they are. */
export function bodyInMemory(bytes: Buffer): StoredBody {
  return {
    size: bytes.length,
    async *read(start, length) {
      if (length > 0) yield bytes.subarray(start, start + length);
    },
    async remove() {},
  };
}

function bodyInFile(path: string, size: number): StoredBody {
  return {
    size,
    async *read(start, length) {
      if (length > 0) yield* createReadStream(path, { start, end: start + length - 1 });
    },
    remove: () => rm(path, { force: true }),
  };
}
