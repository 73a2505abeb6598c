import 'reflect-metadata';
import type { Scope } from './scope.js';

/**
 * Who may call a route. Every route carries exactly one; the application refuses to start with a route
 * that has none, and a second one is refused where it is written.
 */
export type RouteAccess =
  | { readonly kind: 'open' }
  | { readonly kind: 'public-read'; readonly scope: Scope }
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'scope'; readonly scope: Scope }
  | { readonly kind: 'signed-url' };

export const ROUTE_ACCESS = 'route-access';

/** Anybody, always: health, discovery, documentation. */
export const Open = () => declare({ kind: 'open' });

/** Anybody who may read the addressed namespace (REST contract 3.6); where it is private, `scope` is needed. */
export const PublicRead = (scope: Scope) => declare({ kind: 'public-read', scope });

/** Any valid credential. */
export const Authenticated = () => declare({ kind: 'authenticated' });

/** A credential that holds `scope`; where the object belongs to an organization, the service checks it there. */
export const RequireScope = (scope: Scope) => declare({ kind: 'scope', scope });

/** The URL carries its own proof (REST contract 7); the handler verifies it. */
export const SignedUrl = () => declare({ kind: 'signed-url' });

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
