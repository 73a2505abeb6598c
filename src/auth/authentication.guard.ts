import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ANONYMOUS } from '../access/principal.js';
import { ROUTE_ACCESS, type RouteAccess } from '../access/route-access.decorator.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import { ALLOWED_WHILE_LIMITED } from './allowed-while-limited.decorator.js';
import { carriesCredential } from './credential-in-query.js';
import { authorizationValues, CredentialReader, type PresentedIdentity } from './credential-reader.js';
import { CrossSiteCheck } from './cross-site-check.js';
import { CredentialMisplaced, NotAuthenticated } from './domain/auth.errors.js';
import { PasswordChangeRequired } from './domain/session.errors.js';
import type { GuardedRequest } from './guarded-request.js';

/**
 * Finds out who makes a request, before the permission guard decides (REST contract 2.2). Where a credential is
 * needed, an unusable one is 401; on public routes it makes the caller anonymous. Several headers, or a credential
 * in the query string, are 400 and are not repeated; a request that a foreign site may have sent is 403.
 */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly credentials: CredentialReader,
    private readonly crossSite: CrossSiteCheck,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const access = this.reflector.get<RouteAccess | undefined>(ROUTE_ACCESS, context.getHandler());
    request.principal = ANONYMOUS;
    if (access?.kind === 'signed-url') {
      // Next to a signature the header is ignored: clients send what their netrc says.
      if (!new URLSearchParams(request.url.split('?').slice(1).join('?')).has('signature'))
        await this.identify(request, context, true);
      return true;
    }
    if (carriesCredential(request.url)) throw CredentialMisplaced.inQuery();
    if (authorizationValues(request).length > 1) throw CredentialMisplaced.several();
    // Signing somebody in as somebody else, or out, is worth something to a foreign site too.
    if (access?.kind === 'open') this.crossSite.requireKnownOrigin(request);
    if (access === undefined || access.kind === 'open' || access.kind === 'setup-token') return true;
    await this.identify(request, context, false);
    const needsCredential = access.kind !== 'public-read';
    if (needsCredential && request.credentialProblem !== undefined) throw request.credentialProblem;
    return true;
  }

  private async identify(
    request: GuardedRequest,
    context: ExecutionContext,
    isBasicUnderstood: boolean,
  ): Promise<void> {
    const { problem, identity } = await this.credentials.read(request, isBasicUnderstood);
    if (problem !== undefined) {
      request.credentialProblem = new NotAuthenticated(problem);
      return;
    }
    if (identity.session?.isLimited === true && !this.isAllowedWhileLimited(context)) {
      throw new PasswordChangeRequired();
    }
    leaveOn(request, identity);
  }

  private isAllowedWhileLimited(context: ExecutionContext): boolean {
    return this.reflector.get<boolean | undefined>(ALLOWED_WHILE_LIMITED, context.getHandler()) === true;
  }
}

function leaveOn(request: GuardedRequest, identity: PresentedIdentity): void {
  const { principal, session, standsAlone, readAtMs } = identity;
  request.principal = principal;
  request.principalReadAtMs = readAtMs;
  request.credentialStandsAlone = standsAlone;
  if (session !== undefined) request.sessionId = session.id;
  const active = RequestContext.current();
  if (active !== undefined) active.principal = principal;
}
