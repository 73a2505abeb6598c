import { createHash, randomBytes } from 'node:crypto';
import type { BlockBlobClient } from '@azure/storage-blob';
import { sha256Hex } from '../../../kernel/sha256.js';
import type { AzureAccessTier } from '../../domain/backend-settings.js';
import type { FileSource, ObjectSource, PutOptions, PutOutcome } from '../../object-store.js';
import { ObjectNotFound, ObjectStoreRejected } from '../../object-store.errors.js';
import { saysPerhapsTaken, saysTaken, sortedError } from './azure-blob.errors.js';
import { assertDigest, SourceReader, type SourcePart } from './source-reader.js';

const BLOCK_BYTES = 8 * 1024 * 1024;
const BLOCKS_IN_FLIGHT = 2;

/** Makes every write one that creates a blob, and never one that replaces it. */
const ONLY_NEW = { ifNoneMatch: '*' };

/**
 * Writes one blob, whole or not at all. What fits into one block is one request. A larger file is read once, block by
 * block, and becomes visible when the list of its blocks is committed. Azure compares the MD5 of every request with
 * what arrives; the SHA-256 of the whole is compared here before anything becomes visible.
 */
export class AzureBlobWriter {
  constructor(
    private readonly blob: BlockBlobClient,
    private readonly tier: AzureAccessTier | undefined,
  ) {}

  async write(source: ObjectSource, options: PutOptions): Promise<PutOutcome> {
    const size = Buffer.isBuffer(source) ? source.length : source.size;
    for (;;) {
      options.signal?.throwIfAborted();
      try {
        return await this.attempt(source, options);
      } catch (error) {
        if (!saysPerhapsTaken(error)) throw error;
        if (await this.isThere(size)) return 'existed';
        // Removed between the two calls: then the name is free again.
        if (!saysTaken(error)) throw error;
      }
    }
  }

  private attempt(source: ObjectSource, options: PutOptions): Promise<PutOutcome> {
    if (Buffer.isBuffer(source)) return this.writeBytes(source, options);
    return source.size > BLOCK_BYTES ? this.writeLarge(source, options) : this.writeSmall(source, options);
  }

  private async writeBytes(bytes: Buffer, { digest, signal }: PutOptions): Promise<PutOutcome> {
    if (digest !== undefined) assertDigest(sha256Hex(bytes), [digest]);
    return this.upload({ bytes, md5: createHash('md5').update(bytes).digest() }, signal);
  }

  private async writeSmall(source: FileSource, { digest, signal }: PutOptions): Promise<PutOutcome> {
    const reader = await SourceReader.open(source);
    try {
      const part = await reader.next(Buffer.allocUnsafeSlow(source.size), signal);
      await reader.finish([digest, source.digest]);
      return await this.upload(part, signal);
    } finally {
      await reader.close();
    }
  }

  private async writeLarge(source: FileSource, options: PutOptions): Promise<PutOutcome> {
    const digests = [options.digest, source.digest];
    const reader = await SourceReader.open(source);
    try {
      // Blocks that are never committed stay in the account for a week: none are sent for a blob that is there.
      if (await this.isThere(source.size)) {
        const memory = Buffer.allocUnsafeSlow(BLOCK_BYTES);
        while (!reader.isAtEnd) await reader.next(memory, options.signal);
        await reader.finish(digests);
        return 'existed';
      }
      const blocks = await this.stageAll(reader, options.signal);
      await reader.finish(digests);
      await this.blob.commitBlockList(blocks, {
        conditions: ONLY_NEW,
        tier: this.tier,
        abortSignal: options.signal,
      });
      return 'created';
    } finally {
      await reader.close();
    }
  }

  private async upload({ bytes, md5 }: SourcePart, signal: AbortSignal | undefined): Promise<PutOutcome> {
    await this.blob.upload(bytes, bytes.length, {
      conditions: ONLY_NEW,
      transactionalContentMD5: md5,
      tier: this.tier,
      abortSignal: signal,
    });
    return 'created';
  }

  /** Sends the file as blocks, two at a time from memory that is used again. Returns their ids in order. */
  private async stageAll(reader: SourceReader, signal: AbortSignal | undefined): Promise<string[]> {
    const attempt = randomBytes(16);
    const failure = new AbortController();
    const end = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
    const lanes = Array.from({ length: BLOCKS_IN_FLIGHT }, () => ({
      memory: Buffer.allocUnsafeSlow(BLOCK_BYTES),
      staged: Promise.resolve(),
    }));
    const ids: string[] = [];
    try {
      while (!reader.isAtEnd) {
        const lane = lanes[ids.length % lanes.length]!;
        await lane.staged;
        const part = await reader.next(lane.memory, end);
        const id = blockId(attempt, ids.length);
        ids.push(id);
        lane.staged = this.stage(id, part, end);
        // Waited for later; until then it is no unhandled rejection.
        lane.staged.catch(() => undefined);
      }
      await Promise.all(lanes.map(({ staged }) => staged));
      return ids;
    } finally {
      failure.abort();
      await Promise.allSettled(lanes.map(({ staged }) => staged));
    }
  }

  private async stage(id: string, { bytes, md5 }: SourcePart, signal: AbortSignal): Promise<void> {
    await this.blob.stageBlock(id, bytes, bytes.length, {
      transactionalContentMD5: md5,
      abortSignal: signal,
    });
  }

  /** Whether there is a blob of this size; one of another size is `ObjectStoreRejected` (`exists`). */
  private async isThere(size: number): Promise<boolean> {
    try {
      const { contentLength } = await this.blob.getProperties();
      if (contentLength !== size) throw new ObjectStoreRejected('exists');
      return true;
    } catch (error) {
      const sorted = sortedError(error, 'put');
      if (sorted instanceof ObjectNotFound) return false;
      throw sorted;
    }
  }
}

/** The same length for all blocks of all writers, as Azure demands, and never the same for two attempts. */
function blockId(attempt: Buffer, index: number): string {
  const number = Buffer.alloc(4);
  number.writeUInt32BE(index);
  return Buffer.concat([attempt, number]).toString('base64');
}
