import { createReadStream } from 'node:fs';
import { createInflateRaw } from 'node:zlib';
import { ArchiveRejected } from './archives.errors.js';

const CHUNK_BYTES = 64 * 1024;

/** A piece of unpacked data, and how many packed bytes have been read by then. */
export interface InflatedChunk {
  readonly data: Buffer;
  readonly packed: number;
}

/**
 * Unpacks the raw deflate stream that fills exactly `length` bytes of a file from `start`, piece by piece.
 * Throws {@link ArchiveRejected} when it is damaged, cut off, or ends before those bytes do.
 */
export async function* inflateRange(
  path: string,
  start: number,
  length: number,
): AsyncGenerator<InflatedChunk> {
  if (length <= 0) {
    throw new ArchiveRejected(CUT_OFF);
  }
  const inflate = createInflateRaw({ chunkSize: CHUNK_BYTES });
  const source = createReadStream(path, { start, end: start + length - 1, highWaterMark: CHUNK_BYTES });
  source.on('error', (error) => inflate.destroy(error));
  source.pipe(inflate);
  try {
    for await (const data of inflate) {
      yield { data: data as Buffer, packed: inflate.bytesWritten };
    }
  } catch (error) {
    throw rejectionOf(error);
  } finally {
    source.destroy();
    inflate.destroy();
  }
  if (inflate.bytesWritten !== length) {
    throw new ArchiveRejected(
      'there is more data after the end of the compressed data; pack everything in one piece, without appending to it',
    );
  }
}

const CUT_OFF = 'the compressed data is cut off; pack it again and upload the whole file';

function rejectionOf(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'Z_BUF_ERROR') {
    return new ArchiveRejected(CUT_OFF, {}, { cause: error });
  }
  if (code.startsWith('Z_')) {
    return new ArchiveRejected('the compressed data is damaged; pack it again', {}, { cause: error });
  }
  return error;
}
