import { InvalidVersion } from './terraform.errors.js';

const MAX_LENGTH = 64;
const MAX_NUMBER = 2 ** 31 - 1;
/** The largest number that every client and the `semver` library compare exactly. */
const MAX_PRERELEASE_NUMBER = Number.MAX_SAFE_INTEGER - 1;

const LENIENT = /^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z.-]*))?$/;
const DIGITS = /^[0-9]+$/;
const BUILD = /^[0-9A-Za-z.-]*$/;

const EXACT_BUILD = /^[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*$/;
const MAX_EXACT_LENGTH = 128;

/**
 * A semantic version in canonical form; what is published here has no build metadata. Ordering is the precedence of
 * semantic versioning 2.0.0. See section 2.9 of the REST contract.
 */
export class Version {
  private constructor(
    /** Canonical text, at most 64 ASCII characters, e.g. `1.2.0-rc.1`. */
    readonly text: string,
    readonly major: number,
    readonly minor: number,
    readonly patch: number,
    readonly isPrerelease: boolean,
    /** Text whose byte order is the precedence, for ordering in the database. */
    readonly sortKey: string,
  ) {}

  /**
   * Reads the lenient form: optional leading `v`, one to three numbers, optional pre-release. Throws
   * {@link InvalidVersion} for anything else, among it leading zeros, numbers above 2³¹−1 and build metadata.
   */
  static parse(text: string): Version {
    const parsed = read(text);
    if (typeof parsed === 'string') {
      throw new InvalidVersion(parsed);
    }
    const [major, minor, patch] = parsed.numbers;
    const { prerelease } = parsed;
    const canonical = `${major}.${minor}.${patch}${prerelease.length > 0 ? `-${prerelease.join('.')}` : ''}`;
    if (canonical.length > MAX_LENGTH) {
      throw new InvalidVersion(TOO_LONG);
    }
    return new Version(
      canonical,
      major,
      minor,
      patch,
      prerelease.length > 0,
      sortKeyOf(parsed.numbers, prerelease),
    );
  }

  /**
   * Reads the canonical form exactly, with build metadata (`1.2.0+x.1`) if there is some, as upstreams of mirrors have
   * it. Such a version comes after the same one without, and the text decides between two. Throws {@link InvalidVersion}.
   */
  static parseExact(text: string): Version {
    const plus = text.indexOf('+');
    const core = plus < 0 ? text : text.slice(0, plus);
    const version = Version.parse(core);
    if (version.text !== core) throw new InvalidVersion(`write it as ${version.text}`);
    if (plus < 0) return version;
    const build = text.slice(plus + 1);
    if (!EXACT_BUILD.test(build))
      throw new InvalidVersion('build metadata is letters, digits and hyphens between dots');
    if (text.length > MAX_EXACT_LENGTH)
      throw new InvalidVersion(`a version has at most ${MAX_EXACT_LENGTH} characters`);
    const { major, minor, patch, isPrerelease } = version;
    return new Version(text, major, minor, patch, isPrerelease, `${version.sortKey}+${build}`);
  }

  /** Like {@link parse}; undefined instead of an error. */
  static tryParse(text: string): Version | undefined {
    try {
      return Version.parse(text);
    } catch (error) {
      if (error instanceof InvalidVersion) {
        return undefined;
      }
      throw error;
    }
  }

  /** Negative when this version is older than `other`, positive when newer, 0 when they are the same. */
  compare(other: Version): number {
    if (this.sortKey === other.sortKey) {
      return 0;
    }
    return this.sortKey < other.sortKey ? -1 : 1;
  }

  toString(): string {
    return this.text;
  }

  /**
   * The version a user means by "latest": the highest stable one that is not deprecated, else the highest
   * stable one, else the highest pre-release. Undefined for an empty list.
   */
  static latest<T extends { version: string; deprecated: boolean }>(versions: readonly T[]): T | undefined {
    let best: { item: T; rank: number; version: Version } | undefined;
    for (const item of versions) {
      const version = tryParseExact(item.version);
      if (version === undefined) {
        continue;
      }
      const rank = version.isPrerelease ? 0 : item.deprecated ? 1 : 2;
      if (
        best === undefined ||
        rank > best.rank ||
        (rank === best.rank && version.compare(best.version) > 0)
      ) {
        best = { item, rank, version };
      }
    }
    return best?.item;
  }
}

function tryParseExact(text: string): Version | undefined {
  try {
    return Version.parseExact(text);
  } catch (error) {
    if (error instanceof InvalidVersion) return undefined;
    throw error;
  }
}

type Numbers = readonly [major: number, minor: number, patch: number];

const TOO_LONG = `a version has at most ${MAX_LENGTH} characters`;
const SHAPE =
  'write it as MAJOR.MINOR.PATCH or MAJOR.MINOR.PATCH-PRERELEASE with ASCII digits and letters, e.g. 1.2.3';

/** The parts of a version, or the reason why the text is none. */
function read(text: string): { numbers: Numbers; prerelease: string[] } | string {
  if (typeof text !== 'string' || text === '') {
    return SHAPE;
  }
  if (text.length > MAX_LENGTH + 1) {
    return TOO_LONG;
  }
  const match = LENIENT.exec(text);
  if (match === null) {
    return hasBuildMetadata(text) ? 'build metadata (+…) is not accepted' : SHAPE;
  }
  const numbers = [match[1] ?? '0', match[2] ?? '0', match[3] ?? '0'];
  for (const digits of numbers) {
    if (digits.length > 1 && digits.startsWith('0')) {
      return 'numbers have no leading zeros';
    }
    if (Number(digits) > MAX_NUMBER) {
      return `numbers are at most ${MAX_NUMBER}`;
    }
  }
  const prerelease = match[4] === undefined ? [] : match[4].split('.');
  const problem = prerelease.map(prereleaseProblem).find((found) => found !== undefined);
  const [major = 0, minor = 0, patch = 0] = numbers.map(Number);
  return problem ?? { numbers: [major, minor, patch], prerelease };
}

function prereleaseProblem(identifier: string): string | undefined {
  if (identifier === '') {
    return 'the part after - has no empty identifiers';
  }
  if (!DIGITS.test(identifier)) {
    return undefined;
  }
  if (identifier.length > 1 && identifier.startsWith('0')) {
    return 'numbers have no leading zeros';
  }
  return Number(identifier) > MAX_PRERELEASE_NUMBER
    ? `numbers of a pre-release are at most ${MAX_PRERELEASE_NUMBER}`
    : undefined;
}

function hasBuildMetadata(text: string): boolean {
  const plus = text.indexOf('+');
  return plus > 0 && BUILD.test(text.slice(plus + 1)) && LENIENT.test(text.slice(0, plus));
}

/**
 * Numbers are padded to equal width. After them `~` (release) sorts above `-` (pre-release). Identifiers
 * carry a class digit, because numbers rank below words, and end with `!`, which sorts below every
 * character they may contain, so that a shorter one comes first.
 */
function sortKeyOf(numbers: Numbers, prerelease: readonly string[]): string {
  const release = numbers.map((number) => String(number).padStart(10, '0')).join('.');
  if (prerelease.length === 0) {
    return `${release}~`;
  }
  const identifiers = prerelease.map((identifier) =>
    DIGITS.test(identifier) ? `0${identifier.padStart(16, '0')}!` : `1${identifier}!`,
  );
  return `${release}-${identifiers.join('')}`;
}
