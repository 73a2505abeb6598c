import { Injectable } from '@nestjs/common';
import { PublishingConfig } from '../config/publishing.config.js';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import type { Version } from '../kernel/terraform/version.js';
import { AnalyzeModuleVersion } from './analyze-module-version.service.js';
import type { AnalysisOutcome } from './domain/analyzed-module.js';
import { compareVersions } from './domain/compare-versions.js';
import type { ModuleVersion } from './domain/module-version.js';
import { AnalysisUnavailable } from './domain/modules.errors.js';
import type { VersionComparison } from './domain/version-comparison.js';
import { stepSentence, stepTooSmall } from './domain/version-step-sentence.js';
import { ModuleAnalyzer, type ModuleArchiveFile } from './module-analyzer.service.js';
import { ModuleDocumentationRecords } from './module-documentation-records.service.js';
import {
  type AnalyzedVersion,
  ModuleDocumentationRepository,
} from './persistence/module-documentation.repository.js';

/** What is known about an upload before it is stored. */
export interface CheckedUpload {
  /** Sentences for the publisher. */
  readonly warnings: readonly string[];
  /** Present when the upload was analyzed already. */
  readonly outcome?: AnalysisOutcome;
}

/**
 * Whether the number of a new version says what changed (`publishing.version_check`), and the documentation of what
 * was published. A version that cannot be analyzed because of what is in it is never refused.
 */
@Injectable()
export class ModuleVersionCheck {
  constructor(
    private readonly config: PublishingConfig,
    private readonly analyzer: ModuleAnalyzer,
    private readonly analysis: AnalyzeModuleVersion,
    private readonly documentation: ModuleDocumentationRepository,
    private readonly records: ModuleDocumentationRecords,
  ) {}

  /**
   * Compares an upload with the highest active version below it. Not inside a transaction.
   *
   * @throws ModuleVersionStepTooSmall the setting is `refuse` and the step is too small
   * @throws AnalysisUnavailable the setting is `refuse` and nothing can be analyzed now (threat row D23)
   */
  async check(moduleId: string | null, version: Version, upload: ModuleArchiveFile): Promise<CheckedUpload> {
    const mode = this.config.versionCheck;
    if (mode === 'off') return { warnings: [] };
    try {
      const outcome = await this.analyzer.analyze(upload);
      const below =
        moduleId === null ? null : await this.documentation.neighbor(moduleId, version.sortKey, 'below');
      if (below === null) return { warnings: [], outcome };
      const judged = await this.judge(below, version.text, outcome);
      if (typeof judged === 'string') return { warnings: [judged], outcome };
      if (judged.verdict.ok) return { warnings: [], outcome };
      if (mode === 'refuse') throw stepTooSmall(judged);
      return { warnings: [stepSentence(judged)], outcome };
    } catch (error) {
      if (mode === 'warn' && error instanceof AnalysisUnavailable) {
        return { warnings: ['The version could not be compared with the one before it'] };
      }
      throw error;
    }
  }

  /** Keeps what the check found for the stored version, or asks for its analysis; in the publishing transaction. */
  async keep(stored: ModuleVersion, address: ModuleAddress, { outcome }: CheckedUpload): Promise<void> {
    if (outcome === undefined) return this.records.request(stored.id);
    const { namespace, name, system } = address;
    await this.records.store({ ...stored, namespace, name, system }, outcome);
  }

  /** How the upload differs from a stored version, or why that cannot be said. */
  private async judge(
    below: AnalyzedVersion,
    version: string,
    outcome: AnalysisOutcome,
  ): Promise<VersionComparison | string> {
    const problem = outcome.status === 'failed' ? outcome.problem : outcome.module.problems[0];
    if (outcome.status === 'failed' || problem !== undefined) {
      return `The version was not compared with ${below.version}: ${problem?.message ?? ''}`;
    }
    await this.analysis.run(below.id);
    const known = await this.documentation.find(below.id);
    if (known?.status !== 'ready' || known.problems.length > 0) {
      return `The version was not compared with ${below.version}, which could not be analyzed`;
    }
    const before = await this.documentation.parts(below.id);
    return compareVersions(
      { version: below.version, parts: before.map(({ part }) => part) },
      { version, parts: outcome.module.parts.map(({ part }) => part) },
    );
  }
}
