import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable, Logger } from '@nestjs/common';
import { HashingStream } from '../kernel/sha256.js';
import { TempFiles } from '../platform/temp-files/temp-files.js';
import type { ExpectedBytes } from './blob-inspector.js';
import type { Artifact } from './domain/artifact.js';
import type { RepairResult } from './domain/scrub-damage.js';
import { ObjectNotFound, ObjectStoreRejected } from './object-store.errors.js';
import { ObjectStores } from './object-stores.service.js';
import { type ObjectPlace, ScrubArtifactsRepository } from './persistence/scrub-artifacts.repository.js';
import { RepairSources } from './repair-sources.js';
import { StorageNotConfigured } from './storage.errors.js';

type Missing = Extract<RepairResult, 'no-source' | 'source-unavailable'>;

/**
 * Finds the bytes of a damaged artifact somewhere else: where rows say that the same digest is, in every other known
 * storage under the same key, and in what features have registered.
 */
@Injectable()
export class ScrubReplacements {
  private readonly logger = new Logger('Storage');

  constructor(
    private readonly rows: ScrubArtifactsRepository,
    private readonly stores: ObjectStores,
    private readonly sources: RepairSources,
    private readonly tempFiles: TempFiles,
  ) {}

  /** Hands the right bytes to `use`, verified, in a file that lives until it has settled; or says why there are none. */
  async withBytes<T>(
    artifact: Artifact,
    signal: AbortSignal | undefined,
    use: (file: string) => Promise<T>,
  ): Promise<T | Missing> {
    const spool = await this.tempFiles.create('repair');
    try {
      const file = spool.file('bytes');
      const source = await this.fetch(artifact, file, signal);
      return source === 'found' ? await use(file) : source;
    } finally {
      await spool.remove();
    }
  }

  private async fetch(
    artifact: Artifact,
    file: string,
    signal: AbortSignal | undefined,
  ): Promise<'found' | Missing> {
    let isSure = true;
    for (const open of await this.candidates(artifact)) {
      signal?.throwIfAborted();
      try {
        const stream = await open(signal);
        if (stream && (await isRight(stream, artifact, file, signal))) return 'found';
      } catch (error) {
        signal?.throwIfAborted();
        if (saysNo(error)) continue;
        isSure = false;
        this.logger.warn({
          message: 'Bytes for a repair could not be asked for',
          key: artifact.key,
          err: error,
        });
      }
    }
    return isSure ? 'no-source' : 'source-unavailable';
  }

  private async candidates(
    artifact: Artifact,
  ): Promise<((signal: AbortSignal | undefined) => Promise<Readable | undefined>)[]> {
    const places = await this.rows.copiesOf(artifact);
    const names = new Set(places.filter(({ key }) => key === artifact.key).map(({ storage }) => storage));
    for (const { name } of await this.stores.all()) {
      if (name !== artifact.storage && !names.has(name)) places.push({ storage: name, key: artifact.key });
    }
    return [
      ...places.map((place) => () => this.open(place)),
      ...this.sources.list().map((source) => (signal: AbortSignal | undefined) => source(artifact, signal)),
    ];
  }

  private async open({ storage, key }: ObjectPlace): Promise<Readable> {
    const { store } = await this.stores.of(storage);
    return (await store.get(key)).stream;
  }
}

/** Whether a source has answered, and has nothing for us. */
function saysNo(error: unknown): boolean {
  return (
    error instanceof ObjectNotFound ||
    error instanceof StorageNotConfigured ||
    error instanceof ObjectStoreRejected
  );
}

async function isRight(
  stream: Readable,
  { digest, sizeBytes }: ExpectedBytes,
  file: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const hashing = new HashingStream();
  const capped = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      // What is longer than the artifact is wrong already and could fill the disk.
      if (hashing.size > sizeBytes) return;
      yield chunk;
    }
  };
  await pipeline(stream, capped, hashing, createWriteStream(file, { mode: 0o600 }), { signal });
  return hashing.size === sizeBytes && hashing.digest === digest;
}
