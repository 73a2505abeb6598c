import { type CanActivate, type ExecutionContext, Injectable, Optional } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ANONYMOUS, type IdentifiedPrincipal, type Principal } from '../access/principal.js';
import { ROUTE_ACCESS, type RouteAccess, type ScopePlace } from '../access/route-access.decorator.js';
import { holdsAnywhere } from '../access/authority.js';
import type { Scope } from '../access/scope.js';
import { isUuid } from '../kernel/uuid.js';
import { OrganizationNotFound } from '../orgs/domain/orgs.errors.js';
import { OrgAccess, type ReadDecision } from '../orgs/org-access.service.js';
import { Organizations } from '../orgs/organizations.service.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { OwnHostPaths } from '../platform/documents/own-host-paths.js';
import { ReadDecisions } from '../platform/documents/read-decisions.js';
import { MissingScope, NotAuthenticated, NotVisible, RouteClosed } from './domain/auth.errors.js';
import type { GuardedRequest } from './guarded-request.js';

/**
 * Lets a request through to a handler only when the rule of its route says so; a route without a rule is
 * closed. For routes that are read in public it applies REST contract 3.6 to the namespace in the path, so
 * that a private namespace answers like one that does not exist; the readers of mirrored providers stand beside the
 * namespaces (6.3).
 */
@Injectable()
export class PermissionGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly access: OrgAccess,
    private readonly organizations: Organizations,
    @Optional() private readonly decisions?: ReadDecisions,
    @Optional() private readonly ownHost?: OwnHostPaths,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const access = this.reflector.get<RouteAccess | undefined>(ROUTE_ACCESS, context.getHandler());
    switch (access?.kind) {
      case 'open':
      case 'signed-url':
      case 'setup-token':
        return true;
      case 'authenticated':
        requireIdentity(request);
        return true;
      case 'scope':
        await this.requireScope(request, access.scope, access.where);
        return true;
      case 'public-read':
        await this.requireReadable(request, access.scope, access.orScope);
        return true;
      default:
        throw new RouteClosed();
    }
  }

  private async requireReadable(request: GuardedRequest, scope: Scope, orScope?: Scope): Promise<void> {
    const namespace = request.params?.['namespace'];
    if (namespace === undefined) return this.requireListable(request, scope, orScope);
    const principal = request.principal ?? ANONYMOUS;
    const { value: decision, readAtMs, readers } = await this.decide(request, principal, namespace, scope);
    if (decision === 'unauthenticated') throw notAuthenticated(request);
    if (decision === 'absent') throw NotVisible.forScope(scope);
    const { authorization } = request.headers;
    if (request.credentialStandsAlone === true && typeof authorization === 'string') {
      const decidedAtMs = Math.min(readAtMs, request.principalReadAtMs ?? readAtMs);
      this.decisions?.remember(authorization, readers, scope, true, decidedAtMs);
    }
  }

  /** What decides: of a provider, its address with the host in the path; of everything else, the namespace. */
  private async decide(
    request: GuardedRequest,
    principal: Principal,
    namespace: string,
    scope: Scope,
  ): Promise<{ value: ReadDecision; readAtMs: number; readers: string }> {
    const { type, hostname } = request.params ?? {};
    const isOwnHost = hostname !== undefined && this.ownHost?.isOwn(hostname) !== false;
    if (type === undefined || scope !== 'providers:read' || isOwnHost) {
      return { ...(await this.access.datedReadDecision(principal, namespace, scope)), readers: namespace };
    }
    const asked = { namespace, type, ...(hostname !== undefined && { host: hostname.toLowerCase() }) };
    const decision = await this.access.datedProviderDecision(principal, asked, scope);
    if (decision.host !== '') request.mirroredHost = decision.host;
    return decision;
  }

  private async requireScope(request: GuardedRequest, scope: Scope, where: ScopePlace): Promise<void> {
    const principal = requireIdentity(request);
    if (where === 'anywhere') {
      if (!holdsAnywhere(principal.authority, scope)) throw new MissingScope(scope);
      return;
    }
    const organizationId =
      where === 'platform' ? (await this.organizations.getDefault()).id : this.organizationIn(request, where);
    if (this.access.mayAct(principal, organizationId, scope)) {
      if (where !== 'platform' && !(await this.organizations.find(organizationId)))
        throw new OrganizationNotFound();
      return;
    }
    if (where !== 'platform' && !this.access.mayAct(principal, organizationId, 'organizations:read')) {
      throw new OrganizationNotFound();
    }
    throw new MissingScope(scope);
  }

  private organizationIn(
    request: GuardedRequest,
    { organizationParam }: { organizationParam: string },
  ): string {
    const id = request.params?.[organizationParam] ?? '';
    if (!isUuid(id)) throw new InvalidInput('Invalid organization ID');
    return id.toLowerCase();
  }

  private requireListable(request: GuardedRequest, scope: Scope, orScope: Scope = scope): void {
    const principal = request.principal ?? ANONYMOUS;
    if (this.access.listDecision(principal, orScope) === 'allowed') return;
    const decision = this.access.listDecision(principal, scope);
    if (decision === 'unauthenticated') throw notAuthenticated(request);
    if (decision === 'forbidden') throw new MissingScope(scope);
  }
}

function requireIdentity(request: GuardedRequest): IdentifiedPrincipal {
  const { principal } = request;
  if (principal === undefined || principal.kind === 'anonymous') throw notAuthenticated(request);
  return principal;
}

function notAuthenticated(request: GuardedRequest): NotAuthenticated {
  return request.credentialProblem ?? new NotAuthenticated('Missing authorization header');
}
