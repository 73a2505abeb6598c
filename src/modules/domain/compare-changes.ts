import type { ComparedKind, ModuleChange, VersionStep } from './version-comparison.js';

/** A difference, and the step that it asks for. */
export interface WeighedChange extends ModuleChange {
  readonly step: VersionStep;
}

/** One thing that is different about something that both versions have. */
export interface Aspect {
  readonly step: VersionStep;
  /** A clause without capital and full stop, e.g. `it became required`. */
  readonly clause: string;
}

const RANK: Readonly<Record<VersionStep, number>> = { patch: 0, minor: 1, major: 2 };
const MAX_SHOWN = 120;

/** Negative when `left` is the smaller step. */
export const compareSteps = (left: VersionStep, right: VersionStep): number => RANK[left] - RANK[right];

/** The largest of the steps; `patch` when there is none. */
export const largestStep = (steps: readonly VersionStep[]): VersionStep =>
  steps.reduce((largest, step) => (compareSteps(step, largest) > 0 ? step : largest), 'patch');

/** Something that only the later version has. */
export const added = (kind: ComparedKind, name: string, aspect: Aspect): WeighedChange =>
  weighed(kind, name, 'added', [aspect]);

/** Something that only the earlier version has. */
export const removed = (kind: ComparedKind, name: string, aspect: Aspect): WeighedChange =>
  weighed(kind, name, 'removed', [aspect]);

/** Something that both versions have; nothing when no aspect is different. */
export const changed = (
  kind: ComparedKind,
  name: string,
  aspects: readonly Aspect[],
): readonly WeighedChange[] => (aspects.length === 0 ? [] : [weighed(kind, name, 'changed', aspects)]);

function weighed(
  kind: ComparedKind,
  name: string,
  change: ModuleChange['change'],
  aspects: readonly Aspect[],
): WeighedChange {
  const step = largestStep(aspects.map((aspect) => aspect.step));
  const worstFirst = aspects.toSorted((left, right) => compareSteps(right.step, left.step));
  const text = worstFirst.map(({ clause }) => clause).join('; ');
  const detail = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  return { kind, name, change, breaking: step === 'major', detail, step };
}

/** The two sides of everything that has a name, in the order of names. */
export function pairByName<T>(
  from: readonly T[],
  to: readonly T[],
  nameOf: (one: T) => string,
): readonly { readonly name: string; readonly before?: T; readonly after?: T }[] {
  const before = new Map(from.map((one) => [nameOf(one), one]));
  const after = new Map(to.map((one) => [nameOf(one), one]));
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.map((name) => ({ name, before: before.get(name), after: after.get(name) }));
}

/** Text as a sentence shows it. */
export const shown = (text: string): string =>
  text.length > MAX_SHOWN ? `\`${text.slice(0, MAX_SHOWN)}…\`` : `\`${text}\``;
