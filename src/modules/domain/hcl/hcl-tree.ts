/** A value that JSON can hold. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Why a part of a file was not understood. */
export interface HclProblem {
  /** From 1. */
  readonly line: number;
  /** One sentence for the author of the file. */
  readonly message: string;
}

/** An expression: kept as text, evaluated only where it is a literal. */
export interface HclExpression {
  /** From 1. */
  readonly line: number;
  /** The expression on one line, without comments and needless whitespace. */
  readonly text: string;
  /** Its value when it is a literal without interpolation; `undefined` for everything that needs evaluation. */
  readonly value: JsonValue | undefined;
  /** The parts of an object constructor whose keys are all literal; `undefined` for everything else. */
  readonly entries: ReadonlyMap<string, HclExpression> | undefined;
  /** The parts of a tuple constructor; `undefined` for everything else. */
  readonly items: readonly HclExpression[] | undefined;
}

/** What stands in a file or between the braces of a block. */
export interface HclBody {
  readonly attributes: ReadonlyMap<string, HclExpression>;
  readonly blocks: readonly HclBlock[];
}

/** A block, e.g. `variable "name" { … }`. */
export interface HclBlock {
  readonly type: string;
  readonly labels: readonly string[];
  /** From 1: where the block begins. */
  readonly line: number;
  readonly body: HclBody;
}

/** What was understood of a file. What is broken is left out and named in `problems`. */
export interface HclFile {
  readonly body: HclBody;
  readonly problems: readonly HclProblem[];
  /** Work done, about one per character looked at: at most a fixed multiple of the length of the file. */
  readonly steps: number;
}

/** Bounds of one file; beyond them a problem is reported and the rest is left out. */
export interface HclLimits {
  /** Brackets, templates and blocks inside each other. */
  readonly maxDepth: number;
  /** Attributes and blocks. */
  readonly maxItems: number;
  readonly maxProblems: number;
  /** A broken file may be read again from a later place until this many times its length were looked at. */
  readonly maxRereads: number;
}

export const HCL_LIMITS: HclLimits = { maxDepth: 200, maxItems: 100_000, maxProblems: 20, maxRereads: 8 };
