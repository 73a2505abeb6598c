import { type CanActivate, type ExecutionContext, Injectable, Optional } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ANONYMOUS } from '../access/principal.js';
import { ROUTE_ACCESS, type RouteAccess } from '../access/route-access.decorator.js';
import { covers, type Scope } from '../access/scope.js';
import { OrgAccess } from '../orgs/org-access.service.js';
import { ReadDecisions } from '../platform/documents/read-decisions.js';
import { MissingScope, NotAuthenticated, NotVisible, RouteClosed } from './domain/auth.errors.js';
import type { GuardedRequest } from './guarded-request.js';

/**
 * Lets a request through to a handler only when the rule of its route says so; a route without a rule is
 * closed. For routes that are read in public it applies REST contract 3.6 to the namespace in the path, so
 * that a private namespace answers like one that does not exist.
 */
@Injectable()
export class PermissionGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly access: OrgAccess,
    @Optional() private readonly decisions?: ReadDecisions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const access = this.reflector.get<RouteAccess | undefined>(ROUTE_ACCESS, context.getHandler());
    switch (access?.kind) {
      case 'open':
      case 'signed-url':
        return true;
      case 'authenticated':
        requireIdentity(request);
        return true;
      case 'scope':
        requireScope(request, access.scope);
        return true;
      case 'public-read':
        await this.requireReadable(request, access.scope);
        return true;
      default:
        throw new RouteClosed();
    }
  }

  private async requireReadable(request: GuardedRequest, scope: Scope): Promise<void> {
    const namespace = request.params?.['namespace'];
    if (namespace === undefined) return this.requireListable(request, scope);
    const principal = request.principal ?? ANONYMOUS;
    const { value: decision, readAtMs } = await this.access.datedReadDecision(principal, namespace, scope);
    if (decision === 'unauthenticated') throw notAuthenticated(request);
    if (decision === 'absent') throw NotVisible.forScope(scope);
    const { authorization } = request.headers;
    if (principal.kind !== 'anonymous' && typeof authorization === 'string') {
      const decidedAtMs = Math.min(readAtMs, request.principalReadAtMs ?? readAtMs);
      this.decisions?.remember(authorization, namespace, scope, true, decidedAtMs);
    }
  }

  private requireListable(request: GuardedRequest, scope: Scope): void {
    const decision = this.access.listDecision(request.principal ?? ANONYMOUS, scope);
    if (decision === 'unauthenticated') throw notAuthenticated(request);
    if (decision === 'forbidden') throw new MissingScope(scope);
  }
}

function requireIdentity(request: GuardedRequest): void {
  if (request.principal === undefined || request.principal.kind === 'anonymous')
    throw notAuthenticated(request);
}

function requireScope(request: GuardedRequest, scope: Scope): void {
  requireIdentity(request);
  const scopes = request.principal?.kind === 'api-key' ? request.principal.scopes : [];
  if (!covers(scopes, scope)) throw new MissingScope(scope);
}

function notAuthenticated(request: GuardedRequest): NotAuthenticated {
  return request.credentialProblem ?? new NotAuthenticated('Missing authorization header');
}
