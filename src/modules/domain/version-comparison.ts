/** What a change asks of a version number (semantic versioning). */
export type VersionStep = 'major' | 'minor' | 'patch';

/** What two versions of a module differ in, seen by those who use it. */
export type ComparedKind =
  'input' | 'output' | 'provider' | 'resource' | 'module_call' | 'submodule' | 'required_version';

/** One difference between two versions (REST contract 30.6). */
export interface ModuleChange {
  readonly kind: ComparedKind;
  /** Name of what changed; in a submodule with its path before it, e.g. `modules/web: port`. */
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Whether somebody who uses the module may have to change something. */
  readonly breaking: boolean;
  /** One sentence: what changed. */
  readonly detail: string;
}

/** Whether a version number says what the change is. */
export interface VersionVerdict {
  /** The least step that tells the truth. */
  readonly needed: VersionStep;
  /** The step that the two numbers make. */
  readonly declared: VersionStep;
  readonly ok: boolean;
}

/** Two versions of one module, compared. */
export interface VersionComparison {
  readonly from: string;
  readonly to: string;
  readonly changes: readonly ModuleChange[];
  readonly verdict: VersionVerdict;
}
