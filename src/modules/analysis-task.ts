import type { ArchiveFile } from './domain/analyzed-module.js';
import type { AnalysisProblem, ModuleSources } from './domain/module-analysis.js';

/** What was read of an archive for its analysis. */
export interface ModuleArchive {
  readonly sources: ModuleSources;
  /** Files that READMEs may show. */
  readonly files: readonly ArchiveFile[];
  /** What was left out, and why. */
  readonly problems: readonly AnalysisProblem[];
}

/** One version for the thread of the analysis; plain data. */
export interface AnalysisTask extends ModuleArchive {
  /** Where the files of the version are served, e.g. `/api/v1/modules/acme/vpc/aws/versions/1.0.0/files`. */
  readonly filesUrl: string;
  /** Largest result, as JSON text. */
  readonly maxResultLength: number;
}
