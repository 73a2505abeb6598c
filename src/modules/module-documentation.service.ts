import { Injectable } from '@nestjs/common';
import type { AnalysisProblem, ModulePart } from './domain/module-analysis.js';
import type { VersionComparison } from './domain/version-comparison.js';
import { ModuleDocumentationRepository } from './persistence/module-documentation.repository.js';

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
  constructor(private readonly documentation: ModuleDocumentationRepository) {}

  /** What is known about a version; `null` when it was never analyzed. */
  async find(versionId: string): Promise<VersionDocumentation | null> {
    const row = await this.documentation.find(versionId);
    if (!row) return null;
    const { status, problems, licence, changelogHtml, comparison } = row;
    const outline = await this.documentation.outline(versionId);
    const pathsOf = (wanted: ModulePart['kind']): string[] =>
      outline.filter(({ kind }) => kind === wanted).map(({ path }) => path);
    return {
      versionId,
      status,
      problems,
      licence,
      changelogHtml,
      comparison,
      submodules: pathsOf('submodule'),
      examples: pathsOf('example'),
    };
  }

  /** One part by its path (`""`: the root module); `null` when there is none. */
  part(versionId: string, path: string): Promise<DocumentedPart | null> {
    return this.documentation.part(versionId, path);
  }

  /** All parts: the root module, then submodules and examples by path. */
  parts(versionId: string): Promise<readonly DocumentedPart[]> {
    return this.documentation.parts(versionId);
  }
}
