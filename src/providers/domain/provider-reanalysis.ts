import { InvalidInput } from '../../kernel/invalid-input.js';
import { NamespaceName } from '../../kernel/terraform/namespace-name.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { Version } from '../../kernel/terraform/version.js';

/** Which documented versions get their pages made again. */
export interface ProviderReanalysisSelection {
  /** Folded name of the namespace; all of them without it. */
  readonly namespace?: string;
  readonly type?: string;
  /** Canonical version. */
  readonly version?: string;
  /** `failed`: those whose archive could not be read. */
  readonly only: 'all' | 'failed';
}

/** Checks a selection and brings it into the form that is stored. Throws `InvalidInput`, `InvalidAddress`, `InvalidVersion`. */
export function providerReanalysisSelection(input: {
  readonly [K in keyof ProviderReanalysisSelection]?: ProviderReanalysisSelection[K] | null;
}): ProviderReanalysisSelection {
  const { namespace, type, version } = input;
  const given = <T>(part: T | null | undefined): part is T => part !== undefined && part !== null;
  if (!given(namespace) && (given(type) || given(version))) {
    throw new InvalidInput('Name the namespace too: namespace, type and version narrow it down');
  }
  if (given(namespace) && given(type)) ProviderAddress.parse({ namespace, type });
  return {
    only: input.only ?? 'all',
    ...(given(namespace) && { namespace: NamespaceName.parse(namespace).folded }),
    ...(given(type) && { type }),
    ...(given(version) && { version: Version.parse(version).text }),
  };
}
