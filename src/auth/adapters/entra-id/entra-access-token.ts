import { createPublicKey } from 'node:crypto';
import { decodeProtectedHeader, type JSONWebKeySet } from 'jose';
import type { TokenClaims } from '../../domain/publisher-claims.js';
import { type GuardedFetch, IssuerKeys } from '../../issuer-keys.js';
import { type EntraTenant, EntraTokenVerifier } from '../../ports/entra-token-verifier.js';

const ALGORITHM = 'RS256';
const LEEWAY_SECONDS = 60;
const V1_AUTHORITY = 'https://sts.windows.net';

type Check = (token: string) => Promise<TokenClaims | undefined>;

/**
 * Access tokens of Entra ID, checked by the BearerStrategy of passport-azure-ad, which is loaded with the first
 * token. The strategy gets its metadata from here: it would fetch them past the egress guard, keep keys for half an
 * hour, and end the process when it reads an answer that is not JSON.
 */
export class EntraAccessToken extends EntraTokenVerifier {
  private readonly keys = new Map<string, IssuerKeys>();
  private readonly checks = new Map<string, Promise<Check>>();

  constructor(private readonly fetch: GuardedFetch) {
    super();
  }

  async verify(token: string, tenant: EntraTenant): Promise<TokenClaims | undefined> {
    const kid = keyIdOf(token);
    if (kid === undefined) return undefined;
    const keys = this.keysOf(tenant.issuer);
    try {
      await keys.find({ alg: ALGORITHM, kid });
    } catch {
      return undefined;
    }
    const check = await this.checkOf(tenant, keys);
    return check(token);
  }

  private keysOf(issuer: string): IssuerKeys {
    const known = this.keys.get(issuer) ?? new IssuerKeys(issuer, this.fetch);
    this.keys.set(issuer, known);
    return known;
  }

  /** One strategy for each configuration; there is one configuration at a time. */
  private checkOf(tenant: EntraTenant, keys: IssuerKeys): Promise<Check> {
    const name = JSON.stringify(tenant);
    const known = this.checks.get(name);
    if (known !== undefined) return known;
    this.checks.clear();
    const made = newCheck(tenant, keys);
    this.checks.set(name, made);
    return made;
  }
}

async function newCheck(tenant: EntraTenant, keys: IssuerKeys): Promise<Check> {
  const [{ default: passport }, { default: azure }] = await Promise.all([
    import('passport'),
    import('passport-azure-ad') as Promise<{ default: typeof import('passport-azure-ad') }>,
  ]);
  const strategy = new azure.BearerStrategy(
    {
      identityMetadata: `${tenant.issuer}/.well-known/openid-configuration`,
      clientID: tenant.clientId,
      issuer: [tenant.issuer, `${V1_AUTHORITY}/${tenant.tenantId}/`],
      audience: [...tenant.audience],
      validateIssuer: true,
      clockSkew: LEEWAY_SECONDS,
      loggingLevel: 'error',
      loggingNoPII: true,
      passReqToCallback: false,
    },
    (claims, done) => done(null, claims),
  );
  strategy.loadMetadata = (_parameters, next) => next(null, metadataOf(tenant.issuer, keys.jwks));
  // An instance of its own: the shared one belongs to the whole process.
  const authenticator = new passport.Passport();
  authenticator.use(strategy);
  return (token) =>
    new Promise((resolve, reject) => {
      const finish = (error: unknown, user?: object | false | null) =>
        error ? reject(error as Error) : resolve((user || undefined) as TokenClaims | undefined);
      const run = authenticator.authenticate(strategy.name, { session: false }, finish) as (
        ...context: unknown[]
      ) => void;
      run({ headers: { authorization: `Bearer ${token}` } }, {}, reject);
    });
}

/** What the strategy wants to know about the issuer. */
function metadataOf(issuer: string, keys: JSONWebKeySet | undefined): object {
  return {
    oidc: { issuer, algorithms: [ALGORITHM] },
    generateOidcPEM: (kid: string): string => {
      const key = keys?.keys.find((one) => one.kid === kid && one.kty === 'RSA' && one.use !== 'enc');
      if (key === undefined) throw new Error('No key has this id');
      const { kty, n, e } = key;
      return createPublicKey({ key: { kty, n, e }, format: 'jwk' })
        .export({ type: 'spki', format: 'pem' })
        .toString();
    },
  };
}

/** The id of the key of a token; `undefined` for what Entra ID would not sign. */
function keyIdOf(token: string): string | undefined {
  try {
    const { alg, kid, crit, jku, jwk, x5u, x5c, x5t } = decodeProtectedHeader(token);
    const bringsKey = [crit, jku, jwk, x5u, x5c].some((one) => one !== undefined);
    if (alg !== ALGORITHM || typeof kid !== 'string' || bringsKey) return undefined;
    return x5t === undefined || x5t === kid ? kid : undefined;
  } catch {
    return undefined;
  }
}
