import type { AnalysisProblem, ModulePart } from '../domain/module-analysis.js';
import type { VersionComparison } from '../domain/version-comparison.js';
import type { DocumentedPart, VersionDocumentation } from '../module-documentation.service.js';
import type {
  ModuleDocumentationDto,
  ModuleRequirementDto,
  VersionComparisonDto,
} from './module-documentation.dto.js';

const NOTHING: DocumentedPart = {
  part: {
    path: '',
    kind: 'root',
    readme: '',
    empty: true,
    requiredVersion: '',
    inputs: [],
    outputs: [],
    providers: [],
    resources: [],
    calls: [],
  },
  readmeHtml: '',
};

/** The documentation of one part (REST contract 30.6); without a part what is known of the version alone. */
export function presentDocumentation(
  version: VersionDocumentation | null,
  part: DocumentedPart | null,
): ModuleDocumentationDto {
  const { part: content, readmeHtml } = part ?? NOTHING;
  return {
    status: version?.status ?? 'pending',
    problems: (version?.problems ?? []).map(presentProblem),
    path: content.path,
    kind: content.kind,
    readme_html: readmeHtml,
    inputs: content.inputs.map((input) => ({ ...input, validations: [...input.validations] })),
    outputs: [...content.outputs],
    providers: content.providers.map((provider) => ({ ...provider, aliases: [...provider.aliases] })),
    resources: [...content.resources],
    module_calls: [...content.calls],
    requirements: requirementsOf(content),
    submodules: [...(version?.submodules ?? [])],
    examples: [...(version?.examples ?? [])],
    licence: version?.licence ?? null,
    changelog_html: version?.changelogHtml ?? '',
    comparison: version?.comparison ? presentComparison(version.comparison) : null,
  };
}

/** The comparison of REST contract 30.6. */
export function presentComparison({ from, to, changes, verdict }: VersionComparison): VersionComparisonDto {
  return { from, to, changes: [...changes], verdict };
}

function presentProblem({ file, line, message }: AnalysisProblem): string {
  const place = [file, ...(line > 0 ? [line] : [])].filter((part) => part !== '').join(':');
  return place === '' ? message : `${place}: ${message}`;
}

function requirementsOf({ requiredVersion, providers }: ModulePart): ModuleRequirementDto[] {
  const terraform = requiredVersion === '' ? [] : [{ name: 'terraform', version: requiredVersion }];
  return [...terraform, ...providers.map(({ source, version }) => ({ name: source, version }))];
}
