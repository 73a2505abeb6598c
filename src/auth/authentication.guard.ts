import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ANONYMOUS } from '../access/principal.js';
import { ROUTE_ACCESS, type RouteAccess } from '../access/route-access.decorator.js';
import { BearerCredentials } from './bearer-credential.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import { ApiKeyToken } from './domain/api-key-token.js';
import { CredentialMisplaced, NotAuthenticated, type CredentialProblem } from './domain/auth.errors.js';
import { readAuthorization } from './domain/authorization-header.js';
import type { GuardedRequest } from './guarded-request.js';

const CREDENTIAL_PARAMETERS: ReadonlySet<string> = new Set([
  'token',
  'access_token',
  'api_key',
  'apikey',
  'key',
]);

/**
 * Finds out who makes a request, from the `Authorization` header alone (REST contract 2.2). Where a credential
 * is needed, an unusable one is 401; on public routes it makes the caller anonymous. Several headers, or a
 * credential in the query string, are 400 and are not repeated.
 */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly credentials: BearerCredentials,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const access = this.reflector.get<RouteAccess | undefined>(ROUTE_ACCESS, context.getHandler());
    request.principal = ANONYMOUS;
    const query = new URLSearchParams(request.url.split('?').slice(1).join('?'));
    if (access?.kind === 'signed-url') {
      // Next to a signature the header is ignored: clients send what their netrc says.
      if (!query.has('signature')) await this.identify(request, true);
      return true;
    }
    if (holdsCredential(query)) throw CredentialMisplaced.inQuery();
    if (authorizationValues(request).length > 1) throw CredentialMisplaced.several();
    if (access === undefined || access.kind === 'open' || access.kind === 'setup-token') return true;
    await this.identify(request, false);
    const needsCredential = access.kind !== 'public-read';
    if (needsCredential && request.credentialProblem !== undefined) throw request.credentialProblem;
    return true;
  }

  private async identify(request: GuardedRequest, isBasicUnderstood: boolean): Promise<void> {
    const problem = await this.tryIdentify(request, isBasicUnderstood);
    if (problem !== undefined) request.credentialProblem = new NotAuthenticated(problem);
  }

  private async tryIdentify(
    request: GuardedRequest,
    isBasicUnderstood: boolean,
  ): Promise<CredentialProblem | undefined> {
    const credential = readAuthorization(authorizationValues(request), isBasicUnderstood);
    switch (credential.kind) {
      case 'none':
        return 'Missing authorization header';
      case 'not-bearer':
        return "Authorization header must start with 'Bearer '";
      case 'empty':
        return 'Authorization token is empty';
      case 'several':
        return 'Invalid credentials';
      case 'token':
        return this.useToken(request, credential.token);
    }
  }

  private async useToken(request: GuardedRequest, token: string): Promise<CredentialProblem | undefined> {
    const check = await this.credentials.check(token);
    if (check.outcome === 'expired') return 'API key has expired';
    if (check.outcome === 'invalid') return 'Invalid credentials';
    request.principal = check.principal;
    const active = RequestContext.current();
    if (active !== undefined) active.principal = check.principal;
    request.principalReadAtMs = check.readAtMs;
    return undefined;
  }
}

function authorizationValues({ headers, raw }: GuardedRequest): string[] {
  const values: string[] = [];
  const all = raw.rawHeaders ?? [];
  for (let index = 0; index + 1 < all.length; index += 2) {
    if (all[index]!.toLowerCase() === 'authorization') values.push(all[index + 1]!);
  }
  if (values.length === 0 && typeof headers['authorization'] === 'string')
    values.push(headers['authorization']);
  return values;
}

function holdsCredential(query: URLSearchParams): boolean {
  for (const [name, value] of query) {
    if (CREDENTIAL_PARAMETERS.has(name.toLowerCase()) && value !== '') return true;
    if (ApiKeyToken.tryParse(value.trim()) !== undefined) return true;
  }
  return false;
}
