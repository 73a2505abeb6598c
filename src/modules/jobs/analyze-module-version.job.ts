import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DomainError } from '../../kernel/errors.js';
import { Job } from '../../platform/jobs/job.js';
import { JobRegistry } from '../../platform/jobs/job-registry.js';
import { AnalyzeModuleVersion } from '../analyze-module-version.service.js';
import { ANALYZE_MODULE_VERSION } from '../domain/analysis-jobs.js';

/** Analyzes a version after it was published; what is not available then is left to `ReanalyzeModulesJob`. */
@Injectable()
export class AnalyzeModuleVersionJob extends Job<{ version_id: string }> implements OnModuleInit {
  readonly name = ANALYZE_MODULE_VERSION;
  private readonly logger = new Logger('Documentation');

  constructor(
    private readonly analysis: AnalyzeModuleVersion,
    private readonly registry: JobRegistry,
  ) {
    super();
  }

  onModuleInit(): void {
    this.registry.register(this);
  }

  async run({ version_id }: { version_id: string }): Promise<void> {
    try {
      await this.analysis.run(version_id);
    } catch (error) {
      if (!(error instanceof DomainError && error.kind === 'unavailable')) throw error;
      this.logger.warn(`A module version is analyzed later: ${error.message}`);
    }
  }
}
