import { Version } from '../../kernel/terraform/version.js';
import { compareSteps } from './compare-changes.js';
import type { VersionStep, VersionVerdict } from './version-comparison.js';

/**
 * Decides whether two version numbers say what changed between them. Below 1.0.0 a minor step may break; a
 * pre-release may do whatever its three numbers announce, and so may the release that it leads to.
 */
export function judgeNumbers(from: string, to: string, asked: VersionStep): VersionVerdict {
  const [before, after] = [Version.tryParse(from), Version.tryParse(to)];
  const isInitial = before?.major === 0 && after?.major === 0;
  const needed = isInitial && asked === 'major' ? 'minor' : asked;
  const declared = before === undefined || after === undefined ? 'patch' : declaredStep(before, after);
  return { needed, declared, ok: compareSteps(declared, needed) >= 0 };
}

function declaredStep(before: Version, after: Version): VersionStep {
  const between: VersionStep =
    before.major !== after.major ? 'major' : before.minor !== after.minor ? 'minor' : 'patch';
  if (!before.isPrerelease) return between;
  const announced: VersionStep = before.patch > 0 ? 'patch' : before.minor > 0 ? 'minor' : 'major';
  return compareSteps(announced, between) > 0 ? announced : between;
}
