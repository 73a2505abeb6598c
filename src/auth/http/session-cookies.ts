import { Injectable } from '@nestjs/common';
import { ServerConfig } from '../../config/server.config.js';
import { CSRF_COOKIE, LOGIN_COOKIE, SCM_STATE_COOKIE, SESSION_COOKIE } from '../domain/session-cookie.js';
import type { SessionCookieValues } from '../sessions.service.js';

/** How a cookie is set; the part of `@fastify/cookie` that is used. */
interface CookieOptions {
  readonly path: string;
  readonly sameSite: 'lax';
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly maxAge?: number;
}

/** What cookies are set on: `FastifyReply` fits. */
export interface CookieReply {
  setCookie(name: string, value: string, options: CookieOptions): unknown;
  clearCookie(name: string, options: CookieOptions): unknown;
}

/** Writes the cookies of a session (REST contract 2.2): never a domain, `Secure` when the public URL is https. */
@Injectable()
export class SessionCookies {
  private readonly isSecure: boolean;

  constructor({ publicUrl }: ServerConfig) {
    this.isSecure = publicUrl.startsWith('https://');
  }

  /** Gives the browser the secret, which scripts cannot read, and the value that requests by cookie repeat. */
  set(reply: CookieReply, { secret, csrfToken, expiresAt }: SessionCookieValues): void {
    const maxAge = Math.max(1, Math.floor((expiresAt.getTime() - Date.now()) / 1_000));
    reply.setCookie(SESSION_COOKIE, secret, { ...this.options(true), maxAge });
    reply.setCookie(CSRF_COOKIE, csrfToken, { ...this.options(false), maxAge });
  }

  /** Takes every cookie of this server away again. */
  clear(reply: CookieReply): void {
    for (const name of [SESSION_COOKIE, LOGIN_COOKIE, SCM_STATE_COOKIE]) {
      reply.clearCookie(name, this.options(true));
    }
    reply.clearCookie(CSRF_COOKIE, this.options(false));
  }

  private options(httpOnly: boolean): CookieOptions {
    return { path: '/', sameSite: 'lax', secure: this.isSecure, httpOnly };
  }
}
