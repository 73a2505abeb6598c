import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { ObjectStoreUnavailable } from '../../object-store.errors.js';
import type { S3Access } from './s3-client.js';
import type { ObjectParameters, WriteCondition } from './s3-object-parameters.js';
import { base64Of, withPayloadHash } from './s3-payload.js';
import type { FilePart, S3SourceFile } from './s3-source-file.js';

/** How many bytes a part has; the last one may have fewer. */
export const PART_BYTES = 8 * 1024 * 1024;
const PARTS_IN_FLIGHT = 2;
/** How long an answer that says what was made is awaited after the caller gave up. */
const GRACE_MS = 2_000;
const ABORT_TIMEOUT_MS = 10_000;

/** A multipart upload under way. Whoever began it ends it with `complete` or `abort`. */
export class S3Upload {
  private constructor(
    private readonly access: S3Access,
    private readonly path: string,
    private readonly id: string,
  ) {}

  static async begin(
    access: S3Access,
    path: string,
    parameters: ObjectParameters,
    signal: AbortSignal | undefined,
  ): Promise<S3Upload> {
    const command = new CreateMultipartUploadCommand({
      Bucket: access.bucket,
      Key: path,
      ChecksumAlgorithm: 'SHA256',
      ...parameters,
    });
    // Without the answer nobody could remove what was begun.
    const { UploadId } = await withGrace(signal, (abortSignal) =>
      access.client.send(command, { abortSignal }),
    );
    if (!UploadId) throw new ObjectStoreUnavailable('put', { cause: new Error('S3 named no upload') });
    return new S3Upload(access, path, UploadId);
  }

  /** Sends all parts of `file`, a few at a time, each through memory of its own that is used again. */
  async send(file: S3SourceFile, signal: AbortSignal | undefined): Promise<CompletedPart[]> {
    const stop = new AbortController();
    const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
    const sent: CompletedPart[] = [];
    let failure: { readonly error: unknown } | undefined;
    const lane = async (): Promise<void> => {
      const memory = Buffer.allocUnsafeSlow(Math.min(PART_BYTES, file.size));
      for (;;) {
        const part = await file.next(memory, either);
        if (!part) return;
        sent[part.number - 1] = await this.sendPart(part, either);
      }
    };
    const lanes = Array.from({ length: PARTS_IN_FLIGHT }, () =>
      lane().catch((error: unknown) => {
        failure ??= { error };
        stop.abort();
      }),
    );
    await Promise.all(lanes);
    if (failure) throw failure.error;
    return sent;
  }

  /** Makes the object of the parts, at once and as a whole. */
  async complete(
    parts: CompletedPart[],
    condition: WriteCondition,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted();
    const command = new CompleteMultipartUploadCommand({
      ...this.target,
      MultipartUpload: { Parts: parts },
      ...condition,
    });
    await withGrace(signal, (abortSignal) => this.access.client.send(command, { abortSignal }));
  }

  /** Removes the parts. What cannot be removed now is left for the sweep. */
  async abort(): Promise<void> {
    const command = new AbortMultipartUploadCommand(this.target);
    const abortSignal = AbortSignal.timeout(ABORT_TIMEOUT_MS);
    await this.access.client.send(command, { abortSignal }).catch(() => undefined);
  }

  private get target() {
    return { Bucket: this.access.bucket, Key: this.path, UploadId: this.id };
  }

  private async sendPart(part: FilePart, abortSignal: AbortSignal): Promise<CompletedPart> {
    const checksum = base64Of(part.sha256);
    const command = new UploadPartCommand({
      ...this.target,
      PartNumber: part.number,
      Body: part.bytes,
      ContentLength: part.bytes.length,
      ChecksumSHA256: checksum,
    });
    const { ETag } = await this.access.client.send(withPayloadHash(command, part.sha256), { abortSignal });
    if (!ETag) throw new ObjectStoreUnavailable('put', { cause: new Error('S3 named no part') });
    return { PartNumber: part.number, ETag, ChecksumSHA256: checksum };
  }
}

/** Runs `work` with a signal that comes a moment after `signal`, so that an answer on its way still arrives. */
async function withGrace<T>(
  signal: AbortSignal | undefined,
  work: (late: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    timer = setTimeout(() => late.abort(), GRACE_MS);
  };
  signal?.throwIfAborted();
  signal?.addEventListener('abort', wait, { once: true });
  try {
    return await work(late.signal);
  } finally {
    signal?.removeEventListener('abort', wait);
    clearTimeout(timer);
  }
}
