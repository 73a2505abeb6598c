import { Injectable } from '@nestjs/common';
import type { AnalysisProblem, ModulePart } from './domain/module-analysis.js';
import type { VersionComparison } from './domain/version-comparison.js';

/** What is known about a version besides its parts. */
export interface VersionDocumentation {
  readonly versionId: string;
  readonly status: 'pending' | 'ready' | 'failed';
  readonly problems: readonly AnalysisProblem[];
  readonly licence: string | null;
  /** Safe HTML; `""` without a CHANGELOG. */
  readonly changelogHtml: string;
  /** Against the next lower active version at the time of the analysis; `null` for the first one. */
  readonly comparison: VersionComparison | null;
  readonly submodules: readonly string[];
  readonly examples: readonly string[];
}

/** A part of a version, with its README as safe HTML. */
export interface DocumentedPart {
  readonly part: ModulePart;
  readonly readmeHtml: string;
}

/** Reads what the analysis of versions found. */
@Injectable()
export class ModuleDocumentation {
  /** What is known about a version; `null` when it was never analyzed. */
  find(_versionId: string): Promise<VersionDocumentation | null> {
    return Promise.resolve(null);
  }

  /** One part by its path (`""`: the root module); `null` when there is none. */
  part(_versionId: string, _path: string): Promise<DocumentedPart | null> {
    return Promise.resolve(null);
  }

  /** All parts: the root module, then submodules and examples by path. */
  parts(_versionId: string): Promise<readonly DocumentedPart[]> {
    return Promise.resolve([]);
  }
}
