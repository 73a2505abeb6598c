import { createHash } from 'node:crypto';
import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { Strategy } from 'passport-jwt';

/** The longest life of any access token, in seconds. */
export const MAX_LIFE_SECONDS = 86_400;
/** What the type claim of an access token says; no other token of this server says it. */
export const TOKEN_USE = 'access';
/** The header of an access token beside its key id; anything else in a header is refused. */
export const HEADER = { alg: 'HS256', typ: 'at+jwt' } as const;

const LEEWAY_SECONDS = 60;
const MAX_LENGTH = 2_048;
const FORM = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const STRATEGY = 'access-token';
const NUMBERS = ['iat', 'nbf', 'exp'] as const;

/** What a valid access token says. */
export interface AccessTokenClaims {
  /** The user. */
  readonly sub: string;
  /** The session it belongs to, and ends with. */
  readonly sid: string;
}

/** Secrets by the name that the header of a token gives. */
export type SigningKeys = ReadonlyMap<string, Buffer>;

/** The name of a secret in the header of a token; says nothing about the secret. */
export function keyIdOf(secret: string): string {
  return createHash('sha256').update(`access token key ${secret}`).digest('base64url').slice(0, 12);
}

/**
 * Verifies access tokens with passport-jwt: HS256 only, the key named by the header out of a fixed set, exact issuer
 * and audience, times as whole numbers with a leeway of 60 s (threats B1 to B4). It asks nobody.
 */
export class AccessTokenVerifier {
  /** Of its own, because the one of the package is shared by everything in the process. */
  private readonly passport = new passport.Authenticator();

  constructor(
    private readonly issuer: string,
    private readonly keys: SigningKeys,
  ) {
    const authenticator = this.passport;
    class AccessTokenStrategy extends PassportStrategy(Strategy, STRATEGY) {
      protected getPassportInstance(): typeof authenticator {
        return authenticator;
      }

      /** What the token says, when it says everything that ours do. */
      validate(claims: Record<string, unknown>): Record<string, unknown> | false {
        return isComplete(claims) ? claims : false;
      }
    }
    new AccessTokenStrategy({
      jwtFromRequest: (request) => (request as unknown as { token: string }).token,
      secretOrKeyProvider: (_request, token: string, done) => {
        const key = this.keyOf(token);
        if (key === undefined) done(new Error('Unknown key'));
        else done(null, key);
      },
      algorithms: [HEADER.alg],
      issuer,
      audience: issuer,
      jsonWebTokenOptions: { clockTolerance: LEEWAY_SECONDS },
    });
  }

  /** Whether `token` has the form of an access token and names this server as its issuer. Nothing is verified. */
  recognizes(token: string): boolean {
    return token.length <= MAX_LENGTH && FORM.test(token) && jsonPart(token, 1)?.['iss'] === this.issuer;
  }

  /** What a token says; `undefined` for every token that is not exactly as this server makes them. */
  verify(token: string): Promise<AccessTokenClaims | undefined> {
    if (!this.recognizes(token)) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const done = (_error: unknown, claims: unknown): void => {
        resolve(claims ? (claims as AccessTokenClaims) : undefined);
      };
      const authenticate = this.passport.authenticate(STRATEGY, { session: false }, done) as (
        request: object,
        response: object,
        next: () => void,
      ) => void;
      authenticate({ token, headers: {} }, {}, () => resolve(undefined));
    });
  }

  /** The key that the header names, if the header says nothing else than ours do. */
  private keyOf(token: string): Buffer | undefined {
    const header = jsonPart(token, 0) ?? {};
    const { alg, typ, kid } = header;
    if (Object.keys(header).length !== 3 || alg !== HEADER.alg || typ !== HEADER.typ) return undefined;
    return typeof kid === 'string' ? this.keys.get(kid) : undefined;
  }
}

function isComplete(claims: Record<string, unknown>): boolean {
  if (claims['token_use'] !== TOKEN_USE) return false;
  if (typeof claims['sub'] !== 'string' || typeof claims['sid'] !== 'string') return false;
  if (typeof claims['aud'] !== 'string') return false;
  if (!NUMBERS.every((name) => Number.isSafeInteger(claims[name]))) return false;
  const { iat, exp } = claims as { iat: number; exp: number };
  return iat <= Date.now() / 1_000 + LEEWAY_SECONDS && exp > iat && exp - iat <= MAX_LIFE_SECONDS;
}

function jsonPart(token: string, index: number): Record<string, unknown> | undefined {
  try {
    const part = Buffer.from(token.split('.')[index] ?? '', 'base64url').toString('utf8');
    const value: unknown = JSON.parse(part);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
