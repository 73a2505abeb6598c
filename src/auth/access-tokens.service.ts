import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { SecretsConfig } from '../config/secrets.config.js';
import { ServerConfig } from '../config/server.config.js';
import { SessionConfig } from '../config/session.config.js';
import { UserAuthority } from '../orgs/user-authority.service.js';
import {
  AccessTokenVerifier,
  HEADER,
  keyIdOf,
  MAX_LIFE_SECONDS,
  TOKEN_USE,
} from './access-token-verifier.js';
import { BearerCredential, type CredentialCheck } from './bearer-credential.js';
import { SessionNotFound } from './domain/session.errors.js';
import type { Session } from './domain/session.js';
import { Sessions } from './sessions.service.js';

const BROWSER_LIFE_SECONDS = 3_600;

/** An access token and how long it is good for. */
export interface IssuedAccessToken {
  readonly token: string;
  readonly expiresInSeconds: number;
}

/**
 * Signed access tokens (REST contract 2.2), for development mode and for web clients that cannot send cookies. Each
 * belongs to a session and is refused when that ends; rights are looked up and never read from the token.
 */
@Injectable()
export class AccessTokens extends BearerCredential {
  private readonly verifier: AccessTokenVerifier;
  private readonly issuer: string;
  private readonly secret: string;
  private readonly areAccepted: boolean;

  constructor(
    private readonly sessions: Sessions,
    private readonly users: UserAuthority,
    server: ServerConfig,
    { jwtSecret, previousJwtSecrets, devMode }: SecretsConfig,
    { browserToken }: SessionConfig,
  ) {
    super();
    this.issuer = server.publicUrl;
    this.secret = jwtSecret;
    this.areAccepted = devMode || browserToken === 'jwt';
    const secrets = [jwtSecret, ...previousJwtSecrets];
    const keys = new Map(secrets.map((secret) => [keyIdOf(secret), Buffer.from(secret)]));
    this.verifier = new AccessTokenVerifier(this.issuer, keys);
  }

  /**
   * A token for a live session: an hour at most, a day for one of development mode, and never longer than the session.
   * Throws {@link SessionNotFound}.
   */
  async issue(sessionId: string): Promise<IssuedAccessToken> {
    const { value: session } = await this.sessions.findById(sessionId);
    if (session === undefined) throw new SessionNotFound();
    const now = Math.floor(Date.now() / 1_000);
    const expiresInSeconds = lifeOf(session, now);
    const token = await new SignJWT({ sid: session.id, token_use: TOKEN_USE })
      .setProtectedHeader({ ...HEADER, kid: keyIdOf(this.secret) })
      .setIssuer(this.issuer)
      .setAudience(this.issuer)
      .setSubject(session.userId)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + expiresInSeconds)
      .sign(Buffer.from(this.secret));
    return { token, expiresInSeconds };
  }

  recognizes(token: string): boolean {
    return this.verifier.recognizes(token);
  }

  async check(token: string): Promise<CredentialCheck> {
    const claims = this.areAccepted ? await this.verifier.verify(token) : undefined;
    if (claims === undefined) return { outcome: 'invalid' };
    const { value: session, readAtMs } = await this.sessions.findById(claims.sid);
    if (session === undefined || session.userId !== claims.sub) return { outcome: 'invalid' };
    const user = await this.users.of(session.userId);
    if (user.value === undefined) return { outcome: 'invalid' };
    return {
      outcome: 'valid',
      principal: { kind: 'user', ...user.value, credential: { kind: 'access-token', id: session.id } },
      readAtMs: Math.min(readAtMs, user.readAtMs),
    };
  }
}

function lifeOf({ method, expiresAt }: Session, now: number): number {
  const longest = method === 'development' ? MAX_LIFE_SECONDS : BROWSER_LIFE_SECONDS;
  return Math.max(1, Math.min(longest, Math.ceil(expiresAt.getTime() / 1_000) - now));
}
