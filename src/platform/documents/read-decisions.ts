import { hash } from 'node:crypto';
import { Injectable, Optional } from '@nestjs/common';
import type { Scope } from '../../access/scope.js';
import { foldNamespace } from '../../kernel/terraform/namespace-name.js';
import { RequestContext } from '../request-context/request-context.js';
import { callerOrganization, callerText } from './download-caller.js';
import { CacheInvalidation } from '../cache/cache-invalidation.js';

/** REST contract and threat K8: a revocation is seen within a second everywhere, also without being told. */
const LIFE_MS = 1_000;
const MAX_DECISIONS = 20_000;

/** What was decided, and about whom. */
export interface Decision {
  readonly isAllowed: boolean;
  /** Who holds the credential, in the form of `callerText`. */
  readonly who: string;
  /** The organization they act for, in the form of `callerOrganization`. */
  readonly organizationId: string;
  readonly untilMs: number;
}

/**
 * What the permission guard decided lately: may this credential read this namespace. It lets the fast path
 * answer private documents without asking the database. A decision lives at most one second; of the
 * `Authorization` header only a digest is kept.
 */
@Injectable()
export class ReadDecisions {
  private readonly decisions = new Map<string, Decision>();
  private clearedAtMs = -Infinity;

  constructor(@Optional() changes?: CacheInvalidation) {
    changes?.onChange('identity', () => this.clear());
    changes?.onChange('namespaces', () => this.clear());
  }

  /**
   * Remembers a decision. `decidedAtMs` (of `performance.now()`) is when the facts it rests on were read; the
   * life counts from there, and facts from before the last change are not remembered.
   */
  remember(
    authorization: string,
    namespace: string,
    scope: Scope,
    isAllowed: boolean,
    decidedAtMs = performance.now(),
  ): void {
    if (decidedAtMs < this.clearedAtMs) return;
    const key = keyOf(authorization, namespace, scope);
    this.decisions.delete(key);
    if (this.decisions.size >= MAX_DECISIONS) this.makeRoom();
    const principal = RequestContext.current()?.principal;
    const [who, organizationId] = [callerText(principal), callerOrganization(principal)];
    this.decisions.set(key, { isAllowed, who, organizationId, untilMs: decidedAtMs + LIFE_MS });
  }

  /** The decision for exactly this header, or `undefined` when none is fresh enough. */
  find(authorization: string, namespace: string, scope: Scope): boolean | undefined {
    return this.look(authorization, namespace, scope)?.isAllowed;
  }

  /** The same with who it is about. */
  look(authorization: string, namespace: string, scope: Scope): Decision | undefined {
    const decision = this.decisions.get(keyOf(authorization, namespace, scope));
    return decision && decision.untilMs > performance.now() ? decision : undefined;
  }

  /** Forgets everything: a credential, a membership or a visibility changed. */
  clear(): void {
    this.clearedAtMs = performance.now();
    this.decisions.clear();
  }

  /** Entries stand in the order of their age, so the front of the map holds the expired ones. */
  private makeRoom(): void {
    const nowMs = performance.now();
    for (const [key, decision] of this.decisions) {
      if (decision.untilMs > nowMs && this.decisions.size < MAX_DECISIONS) return;
      this.decisions.delete(key);
    }
  }
}

function keyOf(authorization: string, namespace: string, scope: Scope): string {
  return `${hash('sha256', authorization, 'base64')} ${scope} ${foldNamespace(namespace)}`;
}
