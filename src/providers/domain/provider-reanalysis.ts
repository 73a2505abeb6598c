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
export function providerReanalysisSelection(
  input: Partial<ProviderReanalysisSelection>,
): ProviderReanalysisSelection {
  const { namespace, type, version, only = 'all' } = input;
  if (namespace === undefined && (type !== undefined || version !== undefined)) {
    throw new InvalidInput('Name the namespace too: namespace, type and version narrow it down');
  }
  if (namespace !== undefined && type !== undefined) ProviderAddress.parse({ namespace, type });
  return {
    only,
    ...(namespace !== undefined && { namespace: NamespaceName.parse(namespace).folded }),
    ...(type !== undefined && { type }),
    ...(version !== undefined && { version: Version.parse(version).text }),
  };
}
