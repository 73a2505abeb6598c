import { InvalidInput } from '../../kernel/invalid-input.js';
import { foldNamespace } from '../../kernel/terraform/namespace-name.js';
import { Version } from '../../kernel/terraform/version.js';

/** Which stored versions are analyzed again. */
export interface ReanalysisSelection {
  /** Folded name of the namespace; all of them without it. */
  readonly namespace?: string;
  readonly name?: string;
  readonly system?: string;
  /** Canonical version. */
  readonly version?: string;
  /** `failed`: those without documentation; `outdated`: those of an older analyzer, or never analyzed. */
  readonly only: 'all' | 'failed' | 'outdated';
}

/** How many versions wait for their analysis, and what came of the others. */
export interface ReanalysisProgress {
  readonly pending: number;
  readonly ready: number;
  readonly failed: number;
}

/** A selection as a person writes it. */
export type ReanalysisInput = { readonly [K in keyof ReanalysisSelection]?: ReanalysisSelection[K] | null };

/** Checks a selection and brings it into the form that is stored. Throws `InvalidInput`, `InvalidVersion`. */
export function reanalysisSelection(input: ReanalysisInput): ReanalysisSelection {
  const { namespace, name, system, version } = input;
  const given = <T>(part: T | null | undefined): part is T => part !== undefined && part !== null;
  const isIncomplete = !given(namespace) && [name, system, version].some(given);
  if (isIncomplete)
    throw new InvalidInput('Name the namespace too: namespace, name, system and version narrow it down');
  return {
    only: input.only ?? 'all',
    ...(given(namespace) && { namespace: foldNamespace(namespace) }),
    ...(given(name) && { name }),
    ...(given(system) && { system }),
    ...(given(version) && { version: Version.parse(version).text }),
  };
}
