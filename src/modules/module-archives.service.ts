import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import { TempFiles } from '../platform/temp-files/temp-files.js';
import { ArtifactKey } from '../storage/artifact-key.js';
import { ArtifactStore } from '../storage/artifact-store.service.js';

/** Gives stored module archives to readers that need them as a file of their own. */
@Injectable()
export class ModuleArchives {
  constructor(
    private readonly artifacts: ArtifactStore,
    private readonly tempFiles: TempFiles,
  ) {}

  /** Fetches the archive of a version, lets `read` have its path, and removes it again. Fails like `ArtifactStore.open`. */
  async with<T>(
    { digest, address, version }: { digest: string; address: ModuleAddress; version: string },
    read: (path: string) => Promise<T>,
  ): Promise<T> {
    const spool = await this.tempFiles.create('module');
    try {
      const path = spool.file('module.tar.gz');
      const { stream } = await this.artifacts.open(ArtifactKey.module(digest, address, version));
      await pipeline(stream, createWriteStream(path, { mode: 0o600 }));
      return await read(path);
    } finally {
      await spool.remove();
    }
  }
}
