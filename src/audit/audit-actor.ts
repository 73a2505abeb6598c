import type { Principal } from '../access/principal.js';
import type { ActiveRequest } from '../platform/request-context/request-context.js';
import type { AuditActorKind } from './domain/audit-entry.js';

/** Who stands behind a change, as the log names it. */
export interface AuditActor {
  readonly kind: AuditActorKind;
  /** The id of the key, session or service; `null` for everybody else. */
  readonly id: string | null;
  readonly userId: string | null;
  readonly name: string | null;
  readonly email: string | null;
  /** How it proved who it is, e.g. `api_key` or `session`. */
  readonly authMethod: string;
  /** From where a pipeline acts, as its identity provider says. */
  readonly publishedFrom?: Readonly<Record<string, unknown>>;
}

const NOBODY = { id: null, userId: null, name: null, email: null };

/** Who acts in the present request, command or job; the server itself when there is none. */
export function actorOf(active: ActiveRequest | undefined): AuditActor {
  if (active === undefined) return { ...NOBODY, kind: 'system', authMethod: 'system' };
  if (active.method === 'COMMAND') return { ...NOBODY, kind: 'command', authMethod: 'command' };
  if (active.method === 'JOB') return { ...NOBODY, kind: 'job', authMethod: 'job' };
  return actorOfPrincipal(active.principal);
}

/** The same for a caller. */
export function actorOfPrincipal(principal: Principal | undefined): AuditActor {
  if (principal === undefined || principal.kind === 'anonymous') {
    return { ...NOBODY, kind: 'anonymous', authMethod: 'none' };
  }
  const { userId, name, email } = principal;
  const person = { userId, name, email };
  switch (principal.kind) {
    case 'api-key': {
      const { keyId: id, publishedFrom } = principal;
      if (publishedFrom === null) return { ...person, kind: 'api-key', id, authMethod: 'api_key' };
      return {
        ...person,
        kind: 'api-key',
        id,
        authMethod: 'token_exchange',
        publishedFrom: { ...publishedFrom },
      };
    }
    case 'user': {
      const { id, kind } = principal.credential;
      return { ...person, kind: 'user', id, authMethod: kind.replaceAll('-', '_') };
    }
    case 'service':
      return { ...person, kind: 'service', id: principal.subject, authMethod: 'entra_token' };
  }
}
