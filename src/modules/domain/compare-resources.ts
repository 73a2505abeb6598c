import { added, changed, pairByName, removed, shown } from './compare-changes.js';
import type { Aspect, WeighedChange } from './compare-changes.js';
import type { ModuleCall, ModulePart, ModuleResource } from './module-analysis.js';

const ARTICLES: Readonly<Record<ModuleResource['mode'], string>> = {
  managed: 'a resource',
  data: 'a data source',
  ephemeral: 'an ephemeral resource',
};

/** Compares what a module manages. A resource that goes away is destroyed where the module is used, unless it moved. */
export function compareResources(from: ModulePart, to: ModulePart): WeighedChange[] {
  const relocated = new Set(to.relocated);
  return pairByName(from.resources, to.resources, addressOf).flatMap(({ name, before, after }) => {
    if (before !== undefined && after !== undefined) {
      return changed('resource', name, providerAspects(before, after));
    }
    if (before !== undefined) return removed('resource', name, withoutResource(before, relocated.has(name)));
    return added('resource', name, {
      step: 'minor',
      clause: `${ARTICLES[after?.mode ?? 'managed']} was added`,
    });
  });
}

/** Compares the modules that a module calls. */
export function compareCalls(from: ModulePart, to: ModulePart): WeighedChange[] {
  const relocated = new Set(to.relocated);
  return pairByName(from.calls, to.calls, ({ name }) => name).flatMap(({ name, before, after }) => {
    if (before !== undefined && after !== undefined)
      return changed('module_call', name, callAspects(before, after));
    if (before === undefined) {
      return added('module_call', name, {
        step: 'minor',
        clause: `a call of ${shown(after?.source ?? '')} was added`,
      });
    }
    return removed('module_call', name, withoutCall(before, relocated.has(`module.${name}`)));
  });
}

function withoutResource({ mode }: ModuleResource, isRelocated: boolean): Aspect {
  if (mode !== 'managed') return { step: 'minor', clause: `${ARTICLES[mode]} was removed` };
  return isRelocated
    ? {
        step: 'minor',
        clause: 'the resource went away, and a `moved` or `removed` block says what becomes of it',
      }
    : { step: 'major', clause: 'the resource was removed, so that what it manages is destroyed' };
}

function withoutCall({ source }: ModuleCall, isRelocated: boolean): Aspect {
  return isRelocated
    ? {
        step: 'minor',
        clause: 'the call went away, and a `moved` or `removed` block says what becomes of it',
      }
    : {
        step: 'major',
        clause: `the call of ${shown(source)} was removed, so that what it manages is destroyed`,
      };
}

function providerAspects(before: ModuleResource, after: ModuleResource): readonly Aspect[] {
  if (before.provider === after.provider) return [];
  const clause = `the provider changed from ${shown(before.provider)} to ${shown(after.provider)}`;
  return [{ step: 'minor', clause }];
}

function callAspects(before: ModuleCall, after: ModuleCall): readonly Aspect[] {
  const aspects: Aspect[] = [];
  for (const what of ['source', 'version'] as const) {
    if (before[what] === after[what]) continue;
    const side = (text: string): string => (text === '' ? 'none' : shown(text));
    const clause = `the ${what} changed from ${side(before[what])} to ${side(after[what])}`;
    aspects.push({ step: 'minor', clause });
  }
  return aspects;
}

/** The address inside the module, e.g. `aws_vpc.main`, `data.aws_region.here`. */
function addressOf({ mode, type, name }: ModuleResource): string {
  return mode === 'managed' ? `${type}.${name}` : `${mode}.${type}.${name}`;
}
