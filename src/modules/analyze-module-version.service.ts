import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../kernel/errors.js';
import { ModuleAddress } from '../kernel/terraform/module-address.js';
import { ArtifactKey } from '../storage/artifact-key.js';
import { SpooledArtifacts } from '../storage/spooled-artifacts.service.js';
import { ArtifactDamaged, FileNotFound } from '../storage/storage.errors.js';
import { type AnalysisOutcome, ANALYZER_VERSION, failedAnalysis } from './domain/analyzed-module.js';
import { ModuleAnalyzer } from './module-analyzer.service.js';
import { ModuleDocumentationRecords } from './module-documentation-records.service.js';
import {
  type AnalyzedVersion,
  ModuleDocumentationRepository,
} from './persistence/module-documentation.repository.js';

/** Analyzes a stored version. */
@Injectable()
export class AnalyzeModuleVersion {
  private readonly logger = new Logger('Documentation');

  constructor(
    private readonly documentation: ModuleDocumentationRepository,
    private readonly artifacts: SpooledArtifacts,
    private readonly analyzer: ModuleAnalyzer,
    private readonly records: ModuleDocumentationRecords,
  ) {}

  /**
   * Reads the archive of a version and keeps what was found. A version that is gone, or known to the present analyzer and not
   * asked for again, stays as it is. Throws what is worth another try later: storage, database or thread are not available.
   */
  async run(versionId: string): Promise<void> {
    const version = await this.documentation.findVersion(versionId);
    if (!version || (await this.isDone(versionId))) return;
    try {
      await this.records.store(version, await this.outcomeOf(version));
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'unavailable') throw error;
      const problem = `Version ${version.id} could not be analyzed`;
      if (error instanceof DomainError) this.logger.warn(`${problem}: ${error.message}`);
      else this.logger.error(`${problem}: ${(error as Error).stack ?? String(error)}`);
      await this.records.store(version, failedAnalysis('The module could not be analyzed'));
    }
  }

  private async isDone(versionId: string): Promise<boolean> {
    const known = await this.documentation.find(versionId);
    return known !== null && known.requestedAt === null && known.analyzer === ANALYZER_VERSION;
  }

  private async outcomeOf(stored: AnalyzedVersion): Promise<AnalysisOutcome> {
    const { digest, version, topFolder } = stored;
    const address = ModuleAddress.parse(stored);
    try {
      return await this.artifacts.with(ArtifactKey.module(digest, address, version), (path) =>
        this.analyzer.analyze({ path, topFolder, address, version }),
      );
    } catch (error) {
      if (error instanceof FileNotFound || error instanceof ArtifactDamaged) {
        return failedAnalysis('The archive of the version is damaged or missing');
      }
      throw error;
    }
  }
}
