import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { TempFiles } from '../platform/temp-files/temp-files.js';
import type { ArtifactKey } from './artifact-key.js';
import { ArtifactStore } from './artifact-store.service.js';

/** Gives stored objects to readers that need a file of their own. */
@Injectable()
export class SpooledArtifacts {
  constructor(
    private readonly artifacts: ArtifactStore,
    private readonly tempFiles: TempFiles,
  ) {}

  /** Fetches an object, lets `read` have the path of the file, and removes it again. Fails like `ArtifactStore.open`. */
  async with<T>(key: ArtifactKey, read: (path: string) => Promise<T>): Promise<T> {
    const spool = await this.tempFiles.create('artifact');
    try {
      const path = spool.file('content');
      const { stream } = await this.artifacts.open(key);
      await pipeline(stream, createWriteStream(path, { mode: 0o600 }));
      return await read(path);
    } finally {
      await spool.remove();
    }
  }
}
