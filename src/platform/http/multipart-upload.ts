import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { LimitsConfig } from '../../config/limits.config.js';
import { ServerConfig } from '../../config/server.config.js';
import { DomainError } from '../../kernel/errors.js';
import { failpoint } from '../failpoints/failpoint.js';
import type { SpoolDirectory } from '../temp-files/spool-directory.js';
import { TempFiles } from '../temp-files/temp-files.js';
import { watchContentDigest } from './content-digest.js';
import { drainRequest } from './drain-request.js';
import { sendContinue } from './expect-continue.js';
import { MalformedUpload, NotMultipart, TooLarge } from './http.errors.js';
import { ReceivedUpload, type UploadSpec } from './received-upload.js';
import { expectedBytes, MAX_FIELDS, MAX_FILES, partLimits, refuseTooLong } from './upload-limits.js';
import { takePart, type UploadInProgress } from './upload-parts.js';
import { UploadSlots } from './upload-slots.js';

/**
 * Reads `multipart/form-data` uploads: parts in any order, files spooled to disk and hashed as they come, in
 * constant memory. Nothing is left behind when reading fails.
 */
@Injectable()
export class MultipartUpload {
  private readonly slots: UploadSlots;

  constructor(
    limits: LimitsConfig,
    private readonly server: ServerConfig,
    private readonly tempFiles: TempFiles,
  ) {
    this.slots = new UploadSlots(limits.maxConcurrentUploads);
  }

  /**
   * Reads the whole body. Throws `NotMultipart`, `TooLarge`, `MalformedUpload`, `ContentDigestMismatch`,
   * `UploadsBusy` and `InsufficientSpace`; a body that is refused early is read on for a moment and dropped, so
   * that the client sees the answer.
   */
  async receive(request: FastifyRequest, spec: UploadSpec): Promise<ReceivedUpload> {
    if (!request.isMultipart()) throw new NotMultipart();
    this.slots.take();
    try {
      refuseTooLong(declaredBytes(request), spec);
      return await this.spoolBody(request, spec);
    } catch (error) {
      drainRequest(request.raw);
      throw asUploadError(error);
    } finally {
      this.slots.release();
    }
  }

  private async spoolBody(request: FastifyRequest, spec: UploadSpec): Promise<ReceivedUpload> {
    const spool = await this.tempFiles.create('upload');
    let releaseSpace: (() => void) | undefined;
    try {
      await failpoint('upload-temp-open');
      releaseSpace = await this.slots.reserve(spool.path, expectedBytes(declaredBytes(request), spec));
      const upload = await this.readParts(request, spec, spool);
      await failpoint('upload-complete');
      return upload;
    } catch (error) {
      await spool.remove();
      throw error;
    } finally {
      releaseSpace?.();
    }
  }

  private async readParts(
    request: FastifyRequest,
    spec: UploadSpec,
    spool: SpoolDirectory,
  ): Promise<ReceivedUpload> {
    const idle = setTimeout(() => request.raw.destroy(), this.server.streamIdleTimeoutMs);
    const whole = setTimeout(() => request.raw.destroy(), this.server.uploadTimeoutMs);
    const upload: UploadInProgress = {
      spec,
      spool,
      fields: Object.create(null) as Record<string, string>,
      files: [],
      onProgress: () => void idle.refresh(),
    };
    try {
      if (request.raw.destroyed) throw connectionClosed();
      const checkDigest = watchContentDigest(request.raw);
      sendContinue(request.raw);
      for await (const part of request.parts({ limits: partLimits(spec) })) {
        idle.refresh();
        await takePart(part, upload);
      }
      checkDigest?.();
    } finally {
      clearTimeout(idle);
      clearTimeout(whole);
    }
    return new ReceivedUpload(upload.fields, upload.files, () => spool.remove());
  }
}

function declaredBytes(request: FastifyRequest): number | undefined {
  const length = request.headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

function connectionClosed(): MalformedUpload {
  return new MalformedUpload('The connection was closed before the upload was complete');
}

function asUploadError(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === 'FST_MP_PREMATURE_CLOSE' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET') {
    return connectionClosed();
  }
  if (code === 'FST_PARTS_LIMIT' || code === 'FST_FILES_LIMIT' || code === 'FST_FIELDS_LIMIT') {
    return new TooLarge(`An upload has at most ${MAX_FILES} files and ${MAX_FIELDS} text fields`);
  }
  const isMultipartProblem =
    (typeof code === 'string' && code.startsWith('FST_')) ||
    (typeof message === 'string' && /multipart|boundary|part terminated|malformed/i.test(message));
  return isMultipartProblem
    ? new MalformedUpload('The multipart body is malformed or ends too early')
    : error;
}
