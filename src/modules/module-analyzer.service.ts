import { Injectable } from '@nestjs/common';
import { DocumentationConfig } from '../config/documentation.config.js';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import { ArchiveRejected } from '../platform/archives/archives.errors.js';
import { AnalysisThread } from './analysis-thread.js';
import { type AnalysisOutcome, failedAnalysis } from './domain/analyzed-module.js';
import { ModuleArchiveReader } from './module-archive-reader.js';

/** A module archive on the disk of this machine. */
export interface ModuleArchiveFile {
  readonly path: string;
  readonly topFolder: string | null;
  readonly address: ModuleAddress;
  /** Canonical version. */
  readonly version: string;
}

/** From an archive to what is kept of it, within the limits of `documentation.…`. */
@Injectable()
export class ModuleAnalyzer {
  constructor(
    private readonly reader: ModuleArchiveReader,
    private readonly thread: AnalysisThread,
    private readonly config: DocumentationConfig,
  ) {}

  /** What comes of an archive, whatever is in it. Throws `AnalysisUnavailable` when nothing can be analyzed now. */
  async analyze({ path, topFolder, address, version }: ModuleArchiveFile): Promise<AnalysisOutcome> {
    try {
      const archive = await this.reader.readSources(path, topFolder);
      const { namespace, name, system } = address;
      return await this.thread.run({
        ...archive,
        filesUrl: `/api/v1/modules/${namespace}/${name}/${system}/versions/${version}/files`,
        maxResultLength: this.config.maxResultBytes,
      });
    } catch (error) {
      if (error instanceof ArchiveRejected)
        return failedAnalysis(`The archive cannot be read: ${error.message}`);
      throw error;
    }
  }
}
