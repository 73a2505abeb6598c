import type { HclBlock, HclExpression } from '../hcl/hcl-tree.js';
import type { AnalysisProblem, ModuleProvider, ModuleResource } from '../module-analysis.js';
import type { Declaration } from './declaration.js';
import type { Declarations } from './declarations.js';
import { textOf, writtenText } from './read-values.js';

/** Part of Terraform itself: nothing to require or to install. */
const BUILT_IN = 'terraform';
const DEFAULT_NAMESPACE = 'hashicorp';

/** The constraint of `required_version`; the one of an override file replaces all others. */
export function readRequiredVersion({ byType }: Declarations): string {
  const blocks = byType.get('terraform') ?? [];
  const written = (list: readonly Declaration[]): string[] =>
    list.map(({ block }) => textOf(block, 'required_version')).filter((text) => text !== '');
  const overriding = written(blocks.filter(({ isOverride }) => isOverride));
  const constraints = overriding.length > 0 ? overriding.slice(-1) : written(blocks);
  return constraints.join(', ');
}

/** Providers that are required by name, and those that provider blocks and resources imply. */
export function readProviders(
  declarations: Declarations,
  resources: readonly ModuleResource[],
  problems: AnalysisProblem[],
): ModuleProvider[] {
  const providers = readRequired(declarations, problems);
  const configured = (declarations.byType.get('provider') ?? []).map(({ block }) => block);
  for (const name of [
    ...configured.map(({ labels }) => labels[0] ?? ''),
    ...resources.map(({ provider }) => provider),
  ]) {
    if (name !== BUILT_IN && name !== '' && !providers.has(name)) {
      providers.set(name, { name, source: `${DEFAULT_NAMESPACE}/${name}`, version: '', aliases: [] });
    }
  }
  for (const block of configured) addLegacyVersion(block, providers);
  return [...providers.values()];
}

function readRequired({ byType }: Declarations, problems: AnalysisProblem[]): Map<string, ModuleProvider> {
  const providers = new Map<string, ModuleProvider>();
  for (const { file, block, isOverride } of byType.get('terraform') ?? []) {
    for (const required of block.body.blocks.filter(({ type }) => type === 'required_providers')) {
      for (const [name, expression] of required.body.attributes) {
        const provider = readRequirement(name, expression);
        const message =
          provider === undefined
            ? `The requirement of the provider "${name}" is neither an object nor a version constraint.`
            : `The provider "${name}" is required twice; the first requirement counts.`;
        const isNew = isOverride || !providers.has(name);
        if (provider === undefined || !isNew) problems.push({ file, line: expression.line, message });
        else providers.set(name, provider);
      }
    }
  }
  return providers;
}

/** An object with `source`, `version` and `configuration_aliases`, or the older form: only a constraint. */
function readRequirement(name: string, expression: HclExpression): ModuleProvider | undefined {
  const { value, entries } = expression;
  if (typeof value === 'string') {
    return { name, source: `${DEFAULT_NAMESPACE}/${name}`, version: value, aliases: [] };
  }
  if (entries === undefined) return undefined;
  const text = (key: string): string => {
    const entry = entries.get(key);
    return entry === undefined ? '' : writtenText(entry);
  };
  const source = text('source') || name;
  return {
    name,
    source: source.includes('/') ? source : `${DEFAULT_NAMESPACE}/${source}`,
    version: text('version'),
    aliases: (entries.get('configuration_aliases')?.items ?? []).map(writtenText),
  };
}

/** Before `required_providers`, the constraint stood in the provider block. */
function addLegacyVersion(block: HclBlock, providers: Map<string, ModuleProvider>): void {
  const provider = providers.get(block.labels[0] ?? '');
  const version = textOf(block, 'version');
  if (provider !== undefined && provider.version === '' && version !== '') {
    providers.set(provider.name, { ...provider, version });
  }
}
