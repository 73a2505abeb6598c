import type { AuditedResource } from '../../access/audited-resource.js';

/** What happened to one object. Who did it, from where and in which request is added by the log. */
export interface AuditRecord {
  readonly resource: AuditedResource;
  readonly resourceId: string | null;
  /** The organization that the object belongs to; `null` for the platform itself. */
  readonly organizationId: string | null;
  /** `METHOD path` of the request when absent. */
  readonly action?: string;
  /** The fields that changed, before and after; never secrets. */
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
  /** Further facts, e.g. the address and digest of a published version. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Who did it, where that is not the principal of the request: somebody who signs in, a job. */
  readonly actor?: {
    readonly userId: string | null;
    readonly name: string | null;
    readonly email: string | null;
  };
}
