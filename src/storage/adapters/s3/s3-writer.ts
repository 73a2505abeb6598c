import { setTimeout as pause } from 'node:timers/promises';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { sha256Hex } from '../../../kernel/sha256.js';
import type { FileSource, ObjectSource, PutOptions, PutOutcome } from '../../object-store.js';
import { ObjectStoreRejected, ObjectStoreUnavailable } from '../../object-store.errors.js';
import type { S3Access } from './s3-client.js';
import type { ObjectParameters, WriteCondition } from './s3-object-parameters.js';
import { base64Of, withPayloadHash } from './s3-payload.js';
import { S3SourceFile } from './s3-source-file.js';
import { PART_BYTES, S3Upload } from './s3-upload.js';
import { saysConflict, saysNothingThere, saysNotImplemented, saysOccupied } from './s3.errors.js';

const MAX_ATTEMPTS = 20;
const PAUSE_MS = 10;

/** What an attempt to write came to; `conflict` is another write or removal at the same moment. */
type Attempt = PutOutcome | 'conflict';

/**
 * Writes objects that must not exist yet: small ones and Buffers in one request, others in parts. A vendor that refuses
 * conditional writes is asked first whether there is an object; then two writers at the same moment may both write.
 */
export class S3Writer {
  private knowsConditions = true;

  constructor(
    private readonly access: S3Access,
    private readonly parameters: ObjectParameters,
  ) {}

  async put(path: string, source: ObjectSource, options: PutOptions): Promise<PutOutcome> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      options.signal?.throwIfAborted();
      const outcome = await this.attempt(path, source, options);
      if (outcome !== 'conflict') return outcome;
      await pause(Math.random() * PAUSE_MS * attempt, undefined, { signal: options.signal });
    }
    throw new ObjectStoreUnavailable('put', {
      cause: new Error(`${MAX_ATTEMPTS} conflicts with other writers`),
    });
  }

  private async attempt(path: string, source: ObjectSource, options: PutOptions): Promise<Attempt> {
    if (!Buffer.isBuffer(source)) return this.putFile(path, source, options);
    const sha256 = sha256Hex(source);
    if (options.digest !== undefined && options.digest !== sha256) throw new ObjectStoreRejected('digest');
    return this.putBytes(path, source, sha256, options.signal);
  }

  private async putFile(path: string, source: FileSource, options: PutOptions): Promise<Attempt> {
    const file = await S3SourceFile.open(source);
    try {
      const digests = [options.digest, source.digest];
      if (file.size > PART_BYTES) return await this.putParts(path, file, digests, options.signal);
      const part = await file.next(Buffer.allocUnsafeSlow(file.size), options.signal);
      file.assertDigests(digests);
      const { bytes, sha256 } = part ?? { bytes: Buffer.alloc(0), sha256: sha256Hex('') };
      return await this.putBytes(path, bytes, sha256, options.signal);
    } finally {
      await file.close();
    }
  }

  private async putBytes(
    path: string,
    bytes: Buffer,
    sha256: string,
    abortSignal: AbortSignal | undefined,
  ): Promise<Attempt> {
    return this.writeNew(path, bytes.length, abortSignal, async (condition) => {
      const command = new PutObjectCommand({
        Bucket: this.access.bucket,
        Key: path,
        Body: bytes,
        ContentLength: bytes.length,
        ChecksumSHA256: base64Of(sha256),
        ...this.parameters,
        ...condition,
      });
      await this.access.client.send(withPayloadHash(command, sha256), { abortSignal });
    });
  }

  private async putParts(
    path: string,
    file: S3SourceFile,
    digests: readonly (string | undefined)[],
    signal: AbortSignal | undefined,
  ): Promise<Attempt> {
    // The condition is checked only at the end: all parts would be sent for nothing.
    const existing = await this.existing(path, file.size, signal);
    if (existing) return existing;
    const upload = await S3Upload.begin(this.access, path, this.parameters, signal);
    let outcome: Attempt | undefined;
    try {
      const parts = await upload.send(file, signal);
      file.assertDigests(digests);
      outcome = await this.writeNew(path, file.size, signal, (condition) =>
        upload.complete(parts, condition, signal),
      );
      return outcome;
    } finally {
      if (outcome !== 'created') await upload.abort();
    }
  }

  /** Runs `write` on condition that there is no object; finds out what is there when there is one. */
  private async writeNew(
    path: string,
    size: number,
    signal: AbortSignal | undefined,
    write: (condition: WriteCondition) => Promise<void>,
  ): Promise<Attempt> {
    if (this.knowsConditions) {
      try {
        await write({ IfNoneMatch: '*' });
        return 'created';
      } catch (error) {
        if (saysConflict(error)) return 'conflict';
        if (saysOccupied(error)) return (await this.existing(path, size, signal)) ?? 'conflict';
        if (!saysNotImplemented(error)) throw error;
      }
    }
    const existing = await this.existing(path, size, signal);
    if (existing) return existing;
    await write({});
    // It was the condition that the vendor does not know, and nothing else of the request.
    this.knowsConditions = false;
    return 'created';
  }

  /** `existed` when there is an object of this size; undefined when there is none. */
  private async existing(
    path: string,
    size: number,
    abortSignal: AbortSignal | undefined,
  ): Promise<'existed' | undefined> {
    try {
      const command = new HeadObjectCommand({ Bucket: this.access.bucket, Key: path });
      const { ContentLength } = await this.access.client.send(command, { abortSignal });
      if (ContentLength !== size) throw new ObjectStoreRejected('exists');
      return 'existed';
    } catch (error) {
      if (saysNothingThere(error)) return undefined;
      throw error;
    }
  }
}
