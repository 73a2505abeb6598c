import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { TokenExchangeConfig } from '../config/token-exchange.config.js';
import { Clock } from '../kernel/clock.js';
import { OutboundHttp } from '../platform/outbound-http/outbound-http.js';
import type { TokenClaims } from './domain/publisher-claims.js';
import { IssuerUnavailable, TokenExchangeRefused } from './domain/trusted-publishers.errors.js';
import { IssuerKeys } from './issuer-keys.js';

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'PS256', 'EdDSA'];
/** Headers by which a token would bring or name its own key (threat B2). */
const KEY_HEADERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64'];
const LEEWAY_SECONDS = 60;
const MAX_AGE_SECONDS = 86_400;
const MAX_ISSUERS = 1_000;

/** A token whose signature, issuer, audience and times are right. */
export interface VerifiedToken {
  readonly issuer: string;
  readonly claims: TokenClaims;
  /** The same for every presentation of one token, whatever its signature looks like. */
  readonly fingerprint: Buffer;
  /** Until when the token could be presented again. */
  readonly endsAt: Date;
}

/** Verifies the identity tokens of pipelines. Whether anybody trusts what they say is decided elsewhere. */
@Injectable()
export class IdentityTokenVerifier {
  private readonly issuers = new Map<string, IssuerKeys>();

  constructor(
    private readonly config: TokenExchangeConfig,
    private readonly outbound: OutboundHttp,
    private readonly clock: Clock,
  ) {}

  /**
   * The issuer that a token names, before anything is verified. Throws {@link TokenExchangeRefused} for what no
   * issuer would sign.
   */
  issuerOf(token: string): string {
    const issuer = readToken(token);
    if (issuer === undefined) throw TokenExchangeRefused.token();
    return issuer;
  }

  /**
   * Verifies a token of an issuer that is trusted by somebody; only such an issuer may be given, because it is
   * asked for its keys. Throws {@link TokenExchangeRefused}, {@link IssuerUnavailable}.
   */
  async verify(token: string, issuer: string): Promise<VerifiedToken> {
    const claims = await this.verifiedClaims(token, issuer);
    const { exp, iat, jti, aud } = claims;
    const isForUs = aud === this.config.audience || (Array.isArray(aud) && aud.length === 1);
    if (!isForUs || !isTime(exp) || !isTime(iat)) throw TokenExchangeRefused.token();
    const signed = token.slice(0, token.lastIndexOf('.'));
    const identity = typeof jti === 'string' && jti !== '' ? ['jti', jti] : ['token', signed];
    const endSeconds = Math.min(exp, iat + MAX_AGE_SECONDS) + LEEWAY_SECONDS;
    return {
      issuer,
      claims,
      fingerprint: createHash('sha256')
        .update(JSON.stringify([issuer, ...identity]))
        .digest(),
      endsAt: new Date((endSeconds + 1) * 1000),
    };
  }

  private async verifiedClaims(token: string, issuer: string): Promise<TokenClaims> {
    try {
      const { payload } = await jwtVerify(token, this.keysOf(issuer).find, {
        issuer,
        audience: this.config.audience,
        algorithms: ALGORITHMS,
        clockTolerance: LEEWAY_SECONDS,
        maxTokenAge: MAX_AGE_SECONDS,
        requiredClaims: ['exp', 'iat', 'sub'],
        currentDate: this.clock.now(),
      });
      return payload;
    } catch (error) {
      if (error instanceof IssuerUnavailable) throw error;
      throw TokenExchangeRefused.token(error);
    }
  }

  private keysOf(issuer: string): IssuerKeys {
    const known = this.issuers.get(issuer);
    if (known !== undefined) return known;
    if (this.issuers.size >= MAX_ISSUERS) this.issuers.delete(this.issuers.keys().next().value!);
    const keys = new IssuerKeys(issuer, this.outbound.fetchFor('token-exchange', { retries: 0 }));
    this.issuers.set(issuer, keys);
    return keys;
  }
}

function readToken(token: string): string | undefined {
  try {
    const header: Record<string, unknown> = decodeProtectedHeader(token);
    const { iss } = decodeJwt(token);
    const { alg, typ } = header;
    if (KEY_HEADERS.some((name) => name in header)) return undefined;
    if (typeof alg !== 'string' || !ALGORITHMS.includes(alg)) return undefined;
    if (typ !== undefined && !(typeof typ === 'string' && typ.toUpperCase() === 'JWT')) return undefined;
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds since the epoch, as a number that a date can hold. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < 8_640_000_000_000;
}
