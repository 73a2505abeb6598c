import { Transform, type TransformCallback } from 'node:stream';
import { failpoint } from '../failpoints/failpoint.js';

/** Lets the bytes of one part pass while they stay within the limit, and tells that the upload moves on. */
export class PartMeter extends Transform {
  private bytes = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly tooLarge: () => Error,
    private readonly onProgress: () => void,
  ) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const isFirst = this.bytes === 0;
    this.bytes += chunk.length;
    if (this.bytes > this.maxBytes) {
      done(this.tooLarge());
      return;
    }
    this.onProgress();
    if (isFirst) void this.passFirst(chunk, done);
    else done(null, chunk);
  }

  private async passFirst(chunk: Buffer, done: TransformCallback): Promise<void> {
    try {
      await failpoint('upload-mid-body');
    } catch (error) {
      done(error as Error);
      return;
    }
    done(null, chunk);
  }
}
