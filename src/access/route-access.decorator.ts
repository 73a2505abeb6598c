import 'reflect-metadata';
import type { Scope } from './scope.js';

/**
 * Where a scope is needed: `anywhere` in at least one organization (the service checks the organization of the
 * object), `platform` in the default one, or in the organization whose id is the named path parameter.
 */
export type ScopePlace = 'anywhere' | 'platform' | { readonly organizationParam: string };

/**
 * Who may call a route. Every route carries exactly one; the application refuses to start with a route
 * that has none, and a second one is refused where it is written.
 */
export type RouteAccess =
  | { readonly kind: 'open' }
  | { readonly kind: 'public-read'; readonly scope: Scope; readonly orScope?: Scope }
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'scope'; readonly scope: Scope; readonly where: ScopePlace }
  | { readonly kind: 'signed-url' }
  | { readonly kind: 'setup-token' };

export const ROUTE_ACCESS = 'route-access';

/** Anybody, always: health, discovery, documentation. */
export const Open = () => declare({ kind: 'open' });

/**
 * Anybody who may read the addressed namespace (REST contract 3.6); where it is private, `scope` is needed. A list
 * without a namespace in its path may also be open to `orScope`.
 */
export const PublicRead = (scope: Scope, orScope?: Scope) =>
  declare({ kind: 'public-read', scope, ...(orScope && { orScope }) });

/** Any valid credential. */
export const Authenticated = () => declare({ kind: 'authenticated' });

/**
 * A credential that holds `scope`. With an organization in the path it must hold it there: an organization that
 * the caller may not see is 404, one that it sees without holding `scope` is 403.
 */
export const RequireScope = (scope: Scope, where: ScopePlace = 'anywhere') =>
  declare({ kind: 'scope', scope, where });

/** The URL carries its own proof (REST contract 7); the handler verifies it. */
export const SignedUrl = () => declare({ kind: 'signed-url' });

/** The one-time token of the first-run setup (REST contract 11); a guard of `setup/` verifies it. */
export const SetupToken = () => declare({ kind: 'setup-token' });

function declare(access: RouteAccess): MethodDecorator {
  return (target, method, descriptor) => {
    const handler = descriptor.value as object;
    if (Reflect.hasMetadata(ROUTE_ACCESS, handler)) {
      throw new TypeError(
        `${target.constructor.name}.${String(method)} declares its access twice; keep one.`,
      );
    }
    Reflect.defineMetadata(ROUTE_ACCESS, access, handler);
  };
}
