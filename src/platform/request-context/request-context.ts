import { AsyncLocalStorage } from 'node:async_hooks';
import type { Principal } from '../../access/principal.js';

/** The request, command or job on whose behalf code runs. Used for records, never for decisions. */
export interface ActiveRequest {
  readonly requestId: string;
  /** `GET`, `POST`, …; `COMMAND` and `JOB` for what is no request. */
  readonly method: string;
  /** The route with its parameters as placeholders, e.g. `/api/v1/users/:id`; the name of a command or job. */
  readonly route: string;
  readonly clientIp: string | null;
  readonly userAgent: string | null;
  /** Set by the authentication guard. */
  principal?: Principal;
  /** How many audit records were written on its behalf. */
  audited: number;
  /** The status that the answer will have, as far as it is known; for requests. */
  readonly statusCode?: () => number;
  /** Set for a request that must leave an audit record. */
  mustAudit?: boolean;
  /** Set when it turned out that there is nothing to change. */
  hasNothingToAudit?: boolean;
}

const ambient = new AsyncLocalStorage<ActiveRequest>();

/** Carries the facts about the present request to where they are recorded, without a parameter everywhere. */
export class RequestContext {
  /** The request on whose behalf this code runs, if any. */
  static current(): ActiveRequest | undefined {
    return ambient.getStore();
  }

  /** Runs `work` on behalf of `request`. */
  static run<T>(request: ActiveRequest, work: () => T): T {
    return ambient.run(request, work);
  }

  /** Runs `work` on behalf of a command or job of the server itself. */
  static runAs<T>(method: 'COMMAND' | 'JOB', name: string, work: () => T): T {
    return ambient.run(
      {
        requestId: `${method.toLowerCase()}-${name}`,
        method,
        route: name,
        clientIp: null,
        userAgent: null,
        audited: 0,
      },
      work,
    );
  }
}
