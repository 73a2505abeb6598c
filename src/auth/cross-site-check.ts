import { Injectable } from '@nestjs/common';
import { timingSafeEqual } from 'node:crypto';
import { SecretsConfig } from '../config/secrets.config.js';
import { SecurityConfig } from '../config/security.config.js';
import { ServerConfig } from '../config/server.config.js';
import { CrossSiteRefused } from './domain/session.errors.js';
import type { GuardedRequest } from './guarded-request.js';

const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const LOCAL_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;
const FORM = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** How a session was presented. */
export interface SessionProof {
  /** The value that goes with the secret of the session. */
  readonly csrfToken: string;
  /** Whether a handle of the same session came in the header, which no foreign site can set. */
  readonly isByHandle: boolean;
}

/** Keeps foreign sites from using the cookie of a browser (REST contract 2.2, rule 2; threat B7). */
@Injectable()
export class CrossSiteCheck {
  private readonly origins: ReadonlySet<string>;
  private readonly aliases: ReadonlySet<string>;
  private readonly scheme: string;
  private readonly isDevelopment: boolean;

  constructor(
    { publicUrl, baseUrl, hostAliases }: ServerConfig,
    { corsAllowedOrigins }: SecurityConfig,
    secrets: SecretsConfig,
  ) {
    const listed = corsAllowedOrigins.filter((origin) => origin !== '*');
    this.origins = new Set([new URL(publicUrl).origin, new URL(baseUrl).origin, ...listed]);
    this.aliases = new Set(hostAliases);
    this.scheme = new URL(publicUrl).protocol;
    this.isDevelopment = secrets.devMode;
  }

  /** Throws {@link CrossSiteRefused} for a request that changes something and says that a foreign site sends it. */
  requireKnownOrigin({ method, headers }: GuardedRequest): void {
    const { origin } = headers;
    if (origin === undefined || !changesSomething(method)) return;
    if (typeof origin !== 'string' || !this.isKnown(origin)) throw new CrossSiteRefused();
  }

  /**
   * Throws {@link CrossSiteRefused} for a request by cookie that changes something, unless it comes with a handle of
   * the session, `X-CSRF-Token` or the form field `csrf_token`, and from no foreign site.
   */
  requireProof(request: GuardedRequest, { csrfToken, isByHandle }: SessionProof): void {
    if (!changesSomething(request.method)) return;
    this.requireKnownOrigin(request);
    if (isByHandle) return;
    const sent = request.headers['x-csrf-token'] ?? formField(request);
    if (typeof sent !== 'string' || !isSame(sent, csrfToken)) throw new CrossSiteRefused();
  }

  /** The registry itself under any of its names, an origin that is listed, or this machine in development mode. */
  private isKnown(origin: string): boolean {
    if (this.origins.has(origin) || (this.isDevelopment && LOCAL_ORIGIN.test(origin))) return true;
    if (!URL.canParse(origin)) return false;
    const { protocol, hostname } = new URL(origin);
    return protocol === this.scheme && this.aliases.has(hostname);
  }
}

function changesSomething(method = 'GET'): boolean {
  return !READING_METHODS.has(method);
}

function formField({ headers, body }: GuardedRequest): unknown {
  if (!FORM.test(String(headers['content-type'] ?? '')) || typeof body !== 'object') return undefined;
  return (body as { csrf_token?: unknown } | null)?.csrf_token;
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
