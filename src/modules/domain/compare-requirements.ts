import { added, changed, pairByName, removed, shown } from './compare-changes.js';
import type { Aspect, WeighedChange } from './compare-changes.js';
import { compareConstraints } from './compare-constraints.js';
import type { ModuleProvider } from './module-analysis.js';

const DEFAULT_HOST = /^registry\.(terraform\.io|opentofu\.org)\//i;

/** Compares `required_version`. */
export function compareRequiredVersion(from: string, to: string): readonly WeighedChange[] {
  return changed('required_version', 'required_version', constraintAspects('the constraint', from, to));
}

/** Compares the providers that a module needs. */
export function compareProviders(
  from: readonly ModuleProvider[],
  to: readonly ModuleProvider[],
): WeighedChange[] {
  return pairByName(from, to, ({ name }) => name).flatMap(({ name, before, after }) => {
    if (before !== undefined && after !== undefined) {
      return changed('provider', name, providerAspects(before, after));
    }
    if (before !== undefined) return removed('provider', name, withoutProvider(before));
    return added('provider', name, newProvider(after));
  });
}

/** A configuration that the module takes by name must be passed, and one that it does not take must not. */
const newProvider = (provider: ModuleProvider | undefined): Aspect =>
  (provider?.aliases.length ?? 0) > 0
    ? {
        step: 'major',
        clause: `a provider was added that must be passed as ${namesOf(provider?.aliases ?? [])}`,
      }
    : { step: 'minor', clause: `the provider ${shown(provider?.source ?? '')} was added` };

const withoutProvider = ({ aliases, source }: ModuleProvider): Aspect =>
  aliases.length > 0
    ? {
        step: 'major',
        clause: `the provider is needed no longer and may not be passed as ${namesOf(aliases)}`,
      }
    : { step: 'minor', clause: `the provider ${shown(source)} is needed no longer` };

function providerAspects(before: ModuleProvider, after: ModuleProvider): readonly Aspect[] {
  const aspects: Aspect[] = [];
  if (plainSource(before.source) !== plainSource(after.source)) {
    const clause = `the source changed from ${shown(before.source)} to ${shown(after.source)}`;
    aspects.push({ step: 'major', clause });
  }
  const gone = before.aliases.filter((alias) => !after.aliases.includes(alias));
  const fresh = after.aliases.filter((alias) => !before.aliases.includes(alias));
  if (fresh.length > 0) {
    aspects.push({ step: 'major', clause: `the configuration ${namesOf(fresh)} must be passed` });
  }
  if (gone.length > 0) {
    aspects.push({
      step: 'major',
      clause: `the configuration ${namesOf(gone)} may not be passed any longer`,
    });
  }
  aspects.push(...constraintAspects('the version constraint', before.version, after.version));
  return aspects;
}

function constraintAspects(what: string, from: string, to: string): readonly Aspect[] {
  if (from.replaceAll(' ', '') === to.replaceAll(' ', '')) return [];
  const change = `${what} changed from ${constraint(from)} to ${constraint(to)}`;
  switch (compareConstraints(from, to)) {
    case 'narrower':
      return [{ step: 'major', clause: `${change}, which no longer admits all that it did` }];
    case 'wider':
      return [{ step: 'minor', clause: `${change}, which admits more` }];
    case 'same':
      return [{ step: 'patch', clause: `${change}, which admits the same` }];
  }
}

const constraint = (text: string): string => (text === '' ? 'any version' : shown(text));

const namesOf = (aliases: readonly string[]): string => aliases.map((alias) => shown(alias)).join(', ');

const plainSource = (source: string): string => source.toLowerCase().replace(DEFAULT_HOST, '');
