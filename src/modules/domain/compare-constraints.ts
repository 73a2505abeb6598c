import { InvalidVersionConstraint } from '../../kernel/terraform/terraform.errors.js';
import { VersionConstraint } from '../../kernel/terraform/version-constraint.js';
import { Version } from '../../kernel/terraform/version.js';

/** How the versions that a constraint admits changed; `narrower` when any is admitted no longer. */
export type ConstraintChange = 'same' | 'wider' | 'narrower';

const LARGEST = 2 ** 31 - 1;
/** Beyond it two constraints are compared by their text. */
const MAX_POINTS = 200;
const EXTREMES = ['0.0.0', `${LARGEST}.${LARGEST}.${LARGEST}`].map((text) => Version.parse(text));

/**
 * Compares what two constraints admit; `""` admits everything. A later constraint that nobody can read counts as
 * narrower, an earlier one admitted nothing.
 */
export function compareConstraints(from: string, to: string): ConstraintChange {
  if (from === to) return 'same';
  const before = read(from);
  const after = read(to);
  if (after === undefined) return 'narrower';
  if (before === undefined) return 'wider';
  const points = [...(before?.turningPoints() ?? []), ...(after?.turningPoints() ?? [])];
  if (points.length > MAX_POINTS) return 'narrower';
  let result: ConstraintChange = 'same';
  for (const version of [...EXTREMES, ...points.flatMap(around)]) {
    const wasAdmitted = before?.allows(version) ?? true;
    const isAdmitted = after?.allows(version) ?? true;
    if (wasAdmitted && !isAdmitted) return 'narrower';
    if (!wasAdmitted && isAdmitted) result = 'wider';
  }
  return result;
}

/** `null` admits everything, `undefined` cannot be read. */
function read(text: string): VersionConstraint | null | undefined {
  if (text.trim() === '') return null;
  try {
    return VersionConstraint.parse(text);
  } catch (error) {
    if (error instanceof InvalidVersionConstraint) return undefined;
    throw error;
  }
}

/** Between two turning points a constraint admits all releases or none, so these stand for all of them. */
function around(point: Version): readonly Version[] {
  const { major, minor, patch } = point;
  const before =
    patch > 0
      ? [major, minor, patch - 1]
      : minor > 0
        ? [major, minor - 1, LARGEST]
        : [major - 1, LARGEST, LARGEST];
  const candidates = [[major, minor, patch], [major, minor, patch + 1], before];
  const releases = candidates.map((numbers) => Version.tryParse(numbers.join('.')));
  return [point, ...releases.filter((version) => version !== undefined)];
}
