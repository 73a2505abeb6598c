import 'reflect-metadata';
import type { AuditedResource } from './audited-resource.js';

export const AUDITED = 'audited';

/** What a route says about the audit log: the kind of object it changes, or why nothing is recorded. */
export type RouteAudit = { readonly resource: AuditedResource } | { readonly because: string };

/** The route changes an object of this kind; its service records it in the transaction of the change. */
export const Audited = (resource: AuditedResource) => declare({ resource });

/** A route with a changing method that changes nothing worth a record; `because` says why. */
export const NotAudited = (because: string) => declare({ because });

function declare(audit: RouteAudit): MethodDecorator {
  return (_target, _method, descriptor) => {
    Reflect.defineMetadata(AUDITED, audit, descriptor.value as object);
  };
}
