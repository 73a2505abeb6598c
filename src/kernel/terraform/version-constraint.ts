import { Version } from './version.js';
import { InvalidVersion, InvalidVersionConstraint } from './terraform.errors.js';

const OPERATORS = ['=', '!=', '>', '>=', '<', '<=', '~>'] as const;
type Operator = (typeof OPERATORS)[number];

const MAX_LENGTH = 1024;
const TERM = /^(!=|>=|<=|~>|=|>|<)? *([0-9A-Za-z.-]+)$/;

interface Term {
  readonly operator: Operator;
  readonly bound: Version;
  /** How many numbers the author wrote: `~>` lets the last written one grow. */
  readonly written: number;
}

/**
 * A version constraint of Terraform's language: terms with `=`, `!=`, `>`, `>=`, `<`, `<=` or `~>`, joined by
 * commas, all of which must hold. A pre-release satisfies an ordering term only if the term names a
 * pre-release of the same three numbers, as in Terraform.
 */
export class VersionConstraint {
  private constructor(
    readonly text: string,
    private readonly terms: readonly Term[],
  ) {}

  /** Reads a constraint of at most 1024 characters. Throws {@link InvalidVersionConstraint}. */
  static parse(text: string): VersionConstraint {
    if (typeof text !== 'string' || text.length > MAX_LENGTH) {
      throw new InvalidVersionConstraint(`a constraint has at most ${MAX_LENGTH} characters`);
    }
    return new VersionConstraint(
      text,
      text.split(',').map((term) => parseTerm(term.trim())),
    );
  }

  /**
   * Whether a version satisfies all terms. With `withPrereleases` ordering terms take every pre-release that lies between
   * the bounds; `< 4.0.0` still takes none of 4.0.0.
   */
  allows(version: Version, { withPrereleases = false }: { withPrereleases?: boolean } = {}): boolean {
    return this.terms.every((term) => holds(term, version, withPrereleases));
  }

  /** The versions around which the answer of {@link allows} can change: at most two for each term. */
  turningPoints(): readonly Version[] {
    return this.terms.flatMap(({ operator, bound, written }) => {
      const upper = operator === '~>' ? upperEnd(bound, written) : undefined;
      return upper === undefined ? [bound] : [bound, upper];
    });
  }

  toString(): string {
    return this.text;
  }
}

/** The first release that `~>` no longer allows. */
function upperEnd({ major, minor }: Version, written: number): Version | undefined {
  if (written === 1) return undefined;
  return Version.tryParse(written === 2 ? `${major + 1}.0.0` : `${major}.${minor + 1}.0`);
}

function parseTerm(text: string): Term {
  const match = TERM.exec(text);
  if (match === null) {
    throw new InvalidVersionConstraint('write terms like ">= 1.2.0" or "~> 1.2", joined by commas');
  }
  const operator = OPERATORS.find((known) => known === match[1]) ?? '=';
  const written = match[2] ?? '';
  try {
    const numbers = written.split('-', 1)[0] ?? '';
    return { operator, bound: Version.parse(written), written: numbers.split('.').length };
  } catch (error) {
    if (error instanceof InvalidVersion) {
      throw new InvalidVersionConstraint(error.message.replace('Invalid version format: ', ''));
    }
    throw error;
  }
}

function holds({ operator, bound, written }: Term, version: Version, withPrereleases: boolean): boolean {
  const order = version.compare(bound);
  const fits =
    prereleaseFits(version, bound) ||
    (withPrereleases && !(operator.startsWith('<') && sameUpTo(3, version, bound)));
  switch (operator) {
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '>':
      return order > 0 && fits;
    case '>=':
      return order >= 0 && fits;
    case '<':
      return order < 0 && fits;
    case '<=':
      return order <= 0 && fits;
    case '~>':
      return order >= 0 && fits && sameUpTo(written - 1, version, bound);
  }
}

function prereleaseFits(version: Version, bound: Version): boolean {
  return !version.isPrerelease || (bound.isPrerelease && sameUpTo(3, version, bound));
}

function sameUpTo(count: number, left: Version, right: Version): boolean {
  const numbers = [
    [left.major, right.major],
    [left.minor, right.minor],
    [left.patch, right.patch],
  ];
  return numbers.slice(0, count).every(([a, b]) => a === b);
}
