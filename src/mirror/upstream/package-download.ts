import { open, statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Sha256Hash } from '../../kernel/sha256.js';
import {
  MirrorDiskFull,
  PackageDigestMismatch,
  PackageIncomplete,
  PackageTooLarge,
  UpstreamAnswerInvalid,
  UpstreamBusy,
  UpstreamStalled,
  UpstreamUnreachable,
} from '../domain/mirror.errors.js';
import { FetchLimits } from '../fetching/fetch-limits.js';
import { isDiskFull } from '../fetching/disk-full.js';
import { assertUsable } from './answer-status.js';
import { failureOf, type OpenAnswer, UpstreamFetch } from './upstream-fetch.js';

/** Told how a download gets on. */
export interface DownloadObserver {
  /** So many bytes from the first on are in the file. */
  advance(received: number): void;
  /** The download begins again from the first byte. */
  restart(): void;
}

/** What is to be downloaded. */
export interface WantedFile {
  readonly url: URL;
  readonly filename: string;
  /**
   * SHA-256 that the bytes must have, 64 lower-case hex digits. Without one nothing is compared, and a broken download
   * goes on only where a strong ETag proves that it is the same file.
   */
  readonly digest?: string | undefined;
  /** The largest file that is taken, and the setting that says so; those of provider packages when absent. */
  readonly largest?: { readonly bytes: number; readonly setting: string };
  readonly signal?: AbortSignal;
  readonly observer?: DownloadObserver | undefined;
}

/** How far one download is. */
interface Progress {
  readonly file: FileHandle;
  readonly observer: DownloadObserver | undefined;
  hash: Sha256Hash;
  received: number;
  /** What recognizes the same file in a further answer. */
  validator: string | undefined;
  /** Whether parts of several answers were put together. */
  isPatched: boolean;
}

/** Downloads a file to disk, usually one of known digest: in constant memory, at a minimum pace, going on after a broken connection. */
@Injectable()
export class PackageDownload {
  constructor(
    private readonly fetcher: UpstreamFetch,
    private readonly limits: FetchLimits,
  ) {}

  /**
   * Writes the file to `path` and gives its size; when this returns, its digest was compared if it is known. Throws a
   * `MirrorFailure`; the caller removes the file.
   */
  async download(path: string, wanted: WantedFile): Promise<number> {
    const { downloadTimeoutMs } = this.limits;
    const ending = new AbortController();
    const timer = setTimeout(() => {
      const tooLong = `${wanted.filename} took longer than ${downloadTimeoutMs / 1000} s to download`;
      ending.abort(new UpstreamUnreachable(tooLong));
    }, downloadTimeoutMs);
    const signal = AbortSignal.any([ending.signal, ...(wanted.signal ? [wanted.signal] : [])]);
    const file = await open(path, 'w', 0o600);
    try {
      return await this.attempts(
        { ...wanted, signal },
        newProgress(file, wanted.observer),
        ending,
        dirname(path),
      );
    } catch (error) {
      throw isDiskFull(error) ? new MirrorDiskFull({ cause: error }) : error;
    } finally {
      clearTimeout(timer);
      await file.close();
    }
  }

  private async attempts(
    wanted: WantedFile & { readonly signal: AbortSignal },
    progress: Progress,
    ending: AbortController,
    directory: string,
  ): Promise<number> {
    const { downloadAttempts, retryPauseMs } = this.limits;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.receive(wanted, progress, ending, directory);
        const found = progress.hash.hex();
        if (wanted.digest === undefined || found === wanted.digest) return progress.received;
        // Parts of two files may have been put together: only a whole answer is proof against the upstream.
        if (!progress.isPatched) throw new PackageDigestMismatch(wanted.filename, wanted.digest, found);
        startOver(progress);
        if (attempt >= downloadAttempts) {
          throw new PackageDigestMismatch(wanted.filename, wanted.digest, found);
        }
      } catch (error) {
        const isWorthAnother = error instanceof UpstreamUnreachable || error instanceof UpstreamBusy;
        if (!isWorthAnother || wanted.signal.aborted) throw error;
        if (attempt >= downloadAttempts) {
          if (progress.received === 0) throw error;
          throw new PackageIncomplete(wanted.filename, attempt, progress.received, { cause: error });
        }
      }
      await wait(retryPauseMs * 2 ** (attempt - 1), undefined, { signal: wanted.signal }).catch(
        (error: unknown) => {
          throw failureOf(error, wanted.url, wanted.signal);
        },
      );
    }
  }

  /** One request; what it brings is added to `progress`. */
  private async receive(
    wanted: WantedFile & { readonly signal: AbortSignal },
    progress: Progress,
    ending: AbortController,
    directory: string,
  ): Promise<void> {
    const { filename, signal, url } = wanted;
    const { validator, received } = progress;
    const range = received > 0 && validator !== undefined ? { from: received, validator } : undefined;
    const request = {
      what: filename,
      maxBytes: this.largestOf(wanted).bytes,
      signal,
      ...(range && { range }),
    };
    const pace = this.watchPace(url, progress, ending);
    let answer: OpenAnswer | undefined;
    try {
      answer = await this.fetcher.open(url, request, this.limits.downloadTimeoutMs + 1000);
      this.checkHead(answer, wanted, range?.from, progress);
      await this.checkSpace(answer, directory);
      progress.validator = validatorOf(answer.response.headers, wanted.digest === undefined);
      await this.store(answer, wanted, progress);
    } catch (error) {
      await answer?.response.body?.cancel().catch(() => undefined);
      throw isDiskFull(error) ? error : failureOf(error, answer?.url ?? url, signal);
    } finally {
      clearInterval(pace);
    }
  }

  /** Decides what the body is: the rest, or all of it. */
  private checkHead(
    answer: OpenAnswer,
    wanted: WantedFile,
    from: number | undefined,
    progress: Progress,
  ): void {
    const { filename } = wanted;
    const { headers, status } = answer.response;
    const isRest = from !== undefined && isRestFrom(headers, status, from);
    if (!isRest && (status === 206 || status === 416)) {
      startOver(progress);
      throw new UpstreamUnreachable(`${answer.url.host} answered with another part of ${filename}`);
    }
    assertUsable(answer, filename);
    const encoding = headers.get('content-encoding');
    if (encoding !== null && encoding.toLowerCase() !== 'identity') {
      throw new UpstreamAnswerInvalid(
        answer.url.host,
        filename,
        'it is compressed, although that was not asked for',
      );
    }
    if (isRest) progress.isPatched = true;
    else startOver(progress);
    const { bytes, setting } = this.largestOf(wanted);
    if (progress.received + Number(headers.get('content-length') ?? 0) > bytes) {
      throw new PackageTooLarge(filename, bytes, setting);
    }
  }

  private async checkSpace({ response }: OpenAnswer, directory: string): Promise<void> {
    const announced = Number(response.headers.get('content-length') ?? 0);
    const disk = await statfs(directory).catch(() => undefined);
    if (disk && disk.bavail * disk.bsize < announced + this.limits.freeSpaceReserveBytes) {
      throw new MirrorDiskFull();
    }
  }

  private async store({ response }: OpenAnswer, wanted: WantedFile, progress: Progress): Promise<void> {
    const { bytes, setting } = this.largestOf(wanted);
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      if (progress.received + chunk.byteLength > bytes) {
        throw new PackageTooLarge(wanted.filename, bytes, setting);
      }
      for (let at = 0; at < chunk.byteLength;) {
        const { bytesWritten } = await progress.file.write(
          chunk,
          at,
          chunk.byteLength - at,
          progress.received + at,
        );
        at += bytesWritten;
      }
      progress.hash.update(chunk);
      progress.received += chunk.byteLength;
      progress.observer?.advance(progress.received);
    }
    await progress.file.truncate(progress.received);
  }

  private largestOf({ largest }: WantedFile): { readonly bytes: number; readonly setting: string } {
    return largest ?? { bytes: this.limits.maxPackageBytes, setting: 'uploads.provider.max_size' };
  }

  private watchPace(url: URL, progress: Progress, ending: AbortController): NodeJS.Timeout {
    const { paceWindowMs, minBytesPerWindow } = this.limits;
    let before = progress.received;
    return setInterval(() => {
      if (Math.abs(progress.received - before) < minBytesPerWindow) {
        ending.abort(new UpstreamStalled(url.host, minBytesPerWindow, paceWindowMs));
      }
      before = progress.received;
    }, paceWindowMs);
  }
}

function newProgress(file: FileHandle, observer: DownloadObserver | undefined): Progress {
  return { file, observer, hash: new Sha256Hash(), received: 0, validator: undefined, isPatched: false };
}

function startOver(progress: Progress): void {
  Object.assign(progress, newProgress(progress.file, progress.observer));
  progress.observer?.restart();
}

/** Whether the answer is the part of the file that begins at `from`. */
function isRestFrom(headers: Headers, status: number, from: number): boolean {
  const start = /^bytes (\d{1,15})-/.exec(headers.get('content-range') ?? '')?.[1];
  return status === 206 && start === String(from);
}

/** A strong ETag, or else the time of the last change unless the validator has to be strong. */
function validatorOf(headers: Headers, isStrongOnly: boolean): string | undefined {
  const etag = headers.get('etag');
  if (etag !== null && /^"[\x21\x23-\x7e]{1,256}"$/.test(etag)) return etag;
  const changed = isStrongOnly ? null : headers.get('last-modified');
  return changed !== null && /^[A-Za-z0-9 ,:+-]{1,64}$/.test(changed) ? changed : undefined;
}
