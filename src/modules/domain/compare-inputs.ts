import { added, changed, pairByName, removed, shown } from './compare-changes.js';
import type { Aspect, WeighedChange } from './compare-changes.js';
import { compareTypes } from './compare-types.js';
import type { ModuleInput } from './module-analysis.js';

const MAX_REASONS = 3;

/** Compares the inputs of a module for those who set them. */
export function compareInputs(from: readonly ModuleInput[], to: readonly ModuleInput[]): WeighedChange[] {
  return pairByName(from, to, ({ name }) => name).flatMap(({ name, before, after }) => {
    if (before !== undefined && after !== undefined) return changed('input', name, aspectsOf(before, after));
    if (before !== undefined)
      return removed('input', name, { step: 'major', clause: 'the input was removed' });
    return added('input', name, newInput(after?.required ?? false));
  });
}

const newInput = (isRequired: boolean): Aspect =>
  isRequired
    ? { step: 'major', clause: 'a required input was added' }
    : { step: 'minor', clause: 'an optional input was added' };

function aspectsOf(before: ModuleInput, after: ModuleInput): readonly Aspect[] {
  return [
    ...typeAspects(before, after),
    ...defaultAspects(before, after),
    ...validationAspects(before, after),
    ...nullableAspects(before, after),
    ...markAspects(before, after),
  ];
}

function typeAspects(before: ModuleInput, after: ModuleInput): readonly Aspect[] {
  const { narrowed, isSame } = compareTypes(before.type, after.type);
  if (isSame) return [];
  const change = `the type changed from ${shown(before.type)} to ${shown(after.type)}`;
  if (narrowed.length === 0) return [{ step: 'minor', clause: `${change} and accepts all that it did` }];
  const reasons = narrowed.slice(0, MAX_REASONS).join(', ');
  const more = narrowed.length > MAX_REASONS ? ` and ${narrowed.length - MAX_REASONS} more` : '';
  return [{ step: 'major', clause: `${change}: ${reasons}${more}` }];
}

function defaultAspects(before: ModuleInput, after: ModuleInput): readonly Aspect[] {
  if (!before.required && after.required) {
    return [{ step: 'major', clause: 'the default was removed, so that the input is required' }];
  }
  if (before.required && !after.required) {
    return [{ step: 'minor', clause: 'a default was added, so that the input is optional' }];
  }
  const [was, is] = [canonicalJson(before.default), canonicalJson(after.default)];
  return was === is
    ? []
    : [{ step: 'minor', clause: `the default changed from ${shown(was)} to ${shown(is)}` }];
}

/** A new condition may refuse what was accepted. */
function validationAspects(before: ModuleInput, after: ModuleInput): readonly Aspect[] {
  const was = new Map(before.validations.map((one) => [one.condition, one.error_message]));
  const is = new Map(after.validations.map((one) => [one.condition, one.error_message]));
  const isStricter = [...is.keys()].some((condition) => !was.has(condition));
  const isLooser = [...was.keys()].some((condition) => !is.has(condition));
  if (isStricter) {
    const verb = isLooser ? 'changed' : 'was added';
    return [{ step: 'major', clause: `a validation ${verb} and may refuse values that were accepted` }];
  }
  if (isLooser) return [{ step: 'minor', clause: 'a validation was removed' }];
  const isReworded = [...is].some(([condition, message]) => was.get(condition) !== message);
  return isReworded ? [{ step: 'patch', clause: 'the message of a validation changed' }] : [];
}

/** Without `nullable`, `null` stands for the default where there is one, and is refused where there is none. */
function nullableAspects(before: ModuleInput, after: ModuleInput): readonly Aspect[] {
  if (before.nullable === after.nullable) return [];
  if (!after.nullable) {
    return after.required
      ? [{ step: 'major', clause: '`null` is refused' }]
      : [{ step: 'minor', clause: '`null` now stands for the default' }];
  }
  return after.required || after.default === null
    ? [{ step: 'minor', clause: '`null` is accepted' }]
    : [{ step: 'major', clause: '`null` no longer stands for the default' }];
}

function markAspects(before: ModuleInput, after: ModuleInput): readonly Aspect[] {
  const aspects: Aspect[] = [];
  if (before.sensitive !== after.sensitive) {
    const clause = after.sensitive ? 'the input became sensitive' : 'the input is no longer sensitive';
    aspects.push({ step: 'minor', clause });
  }
  if (before.ephemeral && !after.ephemeral) {
    aspects.push({ step: 'major', clause: 'ephemeral values are accepted no longer' });
  } else if (after.ephemeral && !before.ephemeral) {
    aspects.push({ step: 'minor', clause: 'the input became ephemeral' });
  }
  aspects.push(...deprecationAspects(before, after));
  if (before.description !== after.description) {
    aspects.push({ step: 'patch', clause: 'the description changed' });
  }
  return aspects;
}

/** A deprecation announces a removal: nobody has to act yet, and everybody should see it. */
export function deprecationAspects(
  before: { readonly deprecated: string | null },
  after: { readonly deprecated: string | null },
): readonly Aspect[] {
  if (before.deprecated === after.deprecated) return [];
  if (before.deprecated === null)
    return [{ step: 'minor', clause: `it was deprecated: ${shown(after.deprecated ?? '')}` }];
  const clause =
    after.deprecated === null ? 'it is no longer deprecated' : 'the message of its deprecation changed';
  return [{ step: 'patch', clause }];
}

/** JSON in which the order of the members of objects does not count. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}
