import { Readable } from 'node:stream';
import type { FileHandle } from 'node:fs/promises';
import { callbackify } from 'node:util';

const close = callbackify((file: FileHandle) => file.close());
const READ_AHEAD_BYTES = 256 * 1024;

/**
 * `length` bytes of an open file from `start` on. Closes the file when the stream ends or is destroyed. A file
 * that turns out to be shorter destroys the stream with an error.
 */
export function readPart(file: FileHandle, start: number, length: number): Readable {
  let position = start;
  const end = start + length;
  return new Readable({
    highWaterMark: READ_AHEAD_BYTES,
    read(wanted) {
      const size = Math.min(wanted, end - position);
      file.read(Buffer.allocUnsafeSlow(size), 0, size, position).then(
        ({ bytesRead, buffer }) => {
          if (bytesRead === 0) return void this.destroy(new Error('The file is shorter than it was'));
          position += bytesRead;
          this.push(bytesRead === size ? buffer : buffer.subarray(0, bytesRead));
          if (position >= end) this.push(null);
        },
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      close(file, (failure) => done(error ?? failure));
    },
  });
}

/**
 * The same bytes through one buffer that is used again: a new one for every piece makes more work for the
 * garbage collector than the transfer itself. Closes the file at the end, however it comes.
 */
export async function copyPart(
  file: FileHandle,
  start: number,
  length: number,
  write: (piece: Buffer) => Promise<void>,
): Promise<void> {
  const memory = Buffer.allocUnsafeSlow(Math.min(READ_AHEAD_BYTES, length));
  const end = start + length;
  try {
    for (let position = start; position < end;) {
      const { bytesRead } = await file.read(memory, 0, Math.min(memory.length, end - position), position);
      if (bytesRead === 0) throw new Error('The file is shorter than it was');
      position += bytesRead;
      await write(memory.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
