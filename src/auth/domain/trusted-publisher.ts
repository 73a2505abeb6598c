import type { Scope } from '../../access/scope.js';
import type { FixedClaims, SubjectKind } from './publisher-claims.js';

/** A pipeline that may publish for an organization without a stored secret (REST contract 30.5). */
export interface TrustedPublisher {
  readonly id: string;
  readonly organizationId: string;
  readonly issuer: string;
  readonly subjectKind: SubjectKind;
  readonly claims: FixedClaims;
  /** The only ones it may publish into, as they were given. */
  readonly namespaces: readonly string[];
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
}

/** What a publisher is made of. */
export type NewTrustedPublisher = Omit<TrustedPublisher, 'id' | 'createdAt'>;

/** The scopes that a publisher can have. */
export const PUBLISHER_SCOPES: readonly Scope[] = [
  'modules:read',
  'modules:write',
  'providers:read',
  'providers:write',
];
