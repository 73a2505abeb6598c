import { ModuleVersionStepTooSmall } from './modules.errors.js';
import type { VersionComparison, VersionStep } from './version-comparison.js';

const MAX_NAMED = 20;

/** What is wrong with a version number, with every change that asks for more, e.g. for a publisher's terminal. */
export function stepSentence(comparison: VersionComparison): string {
  const { from, to, verdict } = comparison;
  return (
    `Version ${to} is a ${verdict.declared} step from ${from}, but the changes need a ${verdict.needed} step: ` +
    decidingChanges(comparison).join('; ')
  );
}

/** The refusal of a version whose number promises less change than there is. */
export function stepTooSmall(comparison: VersionComparison): ModuleVersionStepTooSmall {
  const { from, verdict } = comparison;
  return new ModuleVersionStepTooSmall(stepSentence(comparison), {
    from,
    needed: verdict.needed,
    declared: verdict.declared,
    changes: decidingChanges(comparison),
  });
}

/** The changes that decide, each with the step that it needs; breaking ones are major, others at least minor. */
function decidingChanges({ changes, verdict }: VersionComparison): string[] {
  const isMajor = verdict.needed === 'major';
  const step: VersionStep = verdict.needed;
  const deciding = changes.filter(({ breaking }) => !isMajor || breaking);
  const named = (deciding.length > 0 ? deciding : changes).slice(0, MAX_NAMED);
  const sentences = named.map(
    ({ kind, name, detail }) =>
      `${kind.replaceAll('_', ' ')} ${name}: ${detail.replace(/\.$/, '')} (${step})`,
  );
  const more = deciding.length - named.length;
  return more > 0 ? [...sentences, `and ${more} more`] : sentences;
}
