import { Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../access/principal.js';
import { UserAuthority } from '../orgs/user-authority.service.js';
import { BearerCredentials } from './bearer-credential.js';
import { CrossSiteCheck, type SessionProof } from './cross-site-check.js';
import type { CredentialProblem } from './domain/auth.errors.js';
import { readAuthorization } from './domain/authorization-header.js';
import { readSessionCookie } from './domain/session-cookie.js';
import { SessionSecret } from './domain/session-secret.js';
import type { Session } from './domain/session.js';
import type { GuardedRequest } from './guarded-request.js';
import { Sessions } from './sessions.service.js';

/** Who presents a usable credential. */
export interface PresentedIdentity {
  readonly principal: IdentifiedPrincipal;
  /** The session of the cookie or of the access token. */
  readonly session: Session | undefined;
  readonly standsAlone: boolean;
  readonly readAtMs: number;
}

/** What was found in a request: somebody, or why there is nobody. */
export type ReadCredential =
  | { readonly problem: CredentialProblem; readonly identity?: undefined }
  | { readonly problem?: undefined; readonly identity: PresentedIdentity };

/** A session that was presented by its cookie. */
export interface PresentedSession extends SessionProof {
  readonly session: Session;
  /** The value of the cookie. */
  readonly secret: string;
}

const INVALID: ReadCredential = { problem: 'Invalid credentials' };

/**
 * Finds out who makes a request (REST contract 2.2): the `Authorization` header decides where there is one, else the
 * session cookie. A handle is worth something only next to the cookie of the same session.
 */
@Injectable()
export class CredentialReader {
  constructor(
    private readonly credentials: BearerCredentials,
    private readonly sessions: Sessions,
    private readonly users: UserAuthority,
    private readonly crossSite: CrossSiteCheck,
  ) {}

  /**
   * Who makes the request. Throws `CrossSiteRefused` for a request by cookie that changes something and may come from
   * another site.
   */
  async read(request: GuardedRequest, isBasicUnderstood: boolean): Promise<ReadCredential> {
    const credential = readAuthorization(authorizationValues(request), isBasicUnderstood);
    switch (credential.kind) {
      case 'none':
        return readSessionCookie(cookieHeader(request)) === undefined
          ? { problem: 'Missing authorization header' }
          : this.bySession(request);
      case 'not-bearer':
        return { problem: "Authorization header must start with 'Bearer '" };
      case 'empty':
        return { problem: 'Authorization token is empty' };
      case 'several':
        return INVALID;
      case 'token':
        return SessionSecret.isHandle(credential.token)
          ? this.bySession(request)
          : this.byToken(credential.token);
    }
  }

  /** The live session of the cookie, unless a handle of another session, or another credential, comes with it. */
  async sessionOf(request: GuardedRequest): Promise<PresentedSession | undefined> {
    const secret = SessionSecret.tryParse(readSessionCookie(cookieHeader(request)) ?? '');
    const session = secret && (await this.sessions.findBySecret(secret.text));
    if (session === undefined) return undefined;
    const credential = readAuthorization(authorizationValues(request), false);
    const found = { session, secret: secret!.text, csrfToken: secret!.csrfToken };
    if (credential.kind === 'none') return { ...found, isByHandle: false };
    if (credential.kind !== 'token') return undefined;
    const digest = SessionSecret.digestOf(credential.token);
    const isOwn = session.handleDigests.some((known) => known.equals(digest));
    return isOwn ? { ...found, isByHandle: true } : undefined;
  }

  private async bySession(request: GuardedRequest): Promise<ReadCredential> {
    const startedMs = performance.now();
    const presented = await this.sessionOf(request);
    if (presented === undefined) return INVALID;
    const { session } = presented;
    const { value: user, readAtMs } = await this.users.of(session.userId);
    if (user === undefined) return INVALID;
    this.crossSite.requireProof(request, presented);
    const principal = { kind: 'user', ...user, credential: { kind: 'session', id: session.id } } as const;
    return {
      identity: { principal, session, standsAlone: false, readAtMs: Math.min(startedMs, readAtMs) },
    };
  }

  private async byToken(token: string): Promise<ReadCredential> {
    const check = await this.credentials.check(token);
    if (check.outcome === 'expired') return { problem: 'API key has expired' };
    if (check.outcome === 'invalid') return INVALID;
    const { principal, readAtMs } = check;
    const ofSession = principal.kind === 'user' && principal.credential.kind === 'access-token';
    const session = ofSession ? (await this.sessions.findById(principal.credential.id)).value : undefined;
    return { identity: { principal, session, standsAlone: true, readAtMs } };
  }
}

/** Every `Authorization` header, also a second one, which Node leaves out of `headers`. */
export function authorizationValues({ headers, raw }: GuardedRequest): string[] {
  const values: string[] = [];
  const all = raw.rawHeaders ?? [];
  for (let index = 0; index + 1 < all.length; index += 2) {
    if (all[index]!.toLowerCase() === 'authorization') values.push(all[index + 1]!);
  }
  if (values.length === 0 && typeof headers['authorization'] === 'string')
    values.push(headers['authorization']);
  return values;
}

function cookieHeader({ headers: { cookie } }: GuardedRequest): string | undefined {
  return Array.isArray(cookie) ? cookie.join('; ') : cookie;
}
