import type { AnalysisProblem, ModulePart } from './module-analysis.js';

/** Counts up whenever the analysis finds or renders something else; versions of an older one are outdated. */
export const ANALYZER_VERSION = 1;

/** A file of an archive by its path inside the module, with its size in bytes. */
export interface ArchiveFile {
  readonly path: string;
  readonly size: number;
}

/** A part of a module, with its README as safe HTML. */
export interface RenderedPart {
  readonly part: ModulePart;
  readonly readmeHtml: string;
}

/** Everything that is kept of the analysis of one version. */
export interface AnalyzedModule {
  /** The root module, then submodules and examples by path. */
  readonly parts: readonly RenderedPart[];
  readonly problems: readonly AnalysisProblem[];
  readonly licence: string | null;
  readonly changelogHtml: string;
  /** Files that READMEs may show. */
  readonly files: readonly ArchiveFile[];
}

/** What came of an analysis; the problem says why a version cannot be analyzed. */
export type AnalysisOutcome =
  | { readonly status: 'ready'; readonly module: AnalyzedModule }
  | { readonly status: 'failed'; readonly problem: AnalysisProblem };

/** A version that cannot be analyzed, in one sentence for its author. */
export function failedAnalysis(message: string): AnalysisOutcome {
  return { status: 'failed', problem: { file: '', line: 0, message } };
}
