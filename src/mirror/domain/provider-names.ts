import { NamespaceName } from '../../kernel/terraform/namespace-name.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';

/**
 * Names of a provider or of a whole namespace at an upstream, in lower case. Throws `InvalidAddress` for what no upstream
 * can have.
 */
export function providerNames(
  namespace: string,
  type: string | null | undefined,
): { readonly namespace: string; readonly type: string | null } {
  if (type === undefined || type === null || type === '') {
    return { namespace: NamespaceName.parse(namespace).text.toLowerCase(), type: null };
  }
  const address = ProviderAddress.parse({ namespace, type: type.toLowerCase() });
  return { namespace: address.namespace.toLowerCase(), type: address.type };
}
