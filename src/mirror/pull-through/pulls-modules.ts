import { foldNamespace } from '../../kernel/terraform/namespace-name.js';
import type { Mirror } from '../domain/mirror.js';

/** Whether a mirror fetches modules of a namespace, in any spelling, when somebody asks for them. */
export function pullsModulesOf(mirror: Mirror, namespace: string): boolean {
  const folded = foldNamespace(namespace);
  return (
    mirror.isEnabled &&
    mirror.isPullThrough &&
    mirror.moduleNamespaces.some((one) => foldNamespace(one) === folded)
  );
}
