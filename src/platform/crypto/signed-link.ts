import { createHash, createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';

/** What `SignedLink.verify` found; only `valid` opens the object. */
export type SignedLinkVerdict = 'valid' | 'missing' | 'wrong' | 'expired';

/** The query of a request: the raw text (with or without `?`), or what a parser made of it. */
export type SignedLinkQuery = string | URLSearchParams | Readonly<Record<string, unknown>>;

interface SigningSecret {
  readonly kid: string;
  readonly key: KeyObject;
}

/**
 * Signs and checks links to stored objects (REST contract 7): HMAC-SHA-256, base64url, over the object key,
 * the expiry in Unix seconds and the id of the secret. The first secret signs; every secret verifies, so a
 * secret can be rotated while old links live. The order of parameters and foreign parameters do not matter;
 * one of the three parameters given twice is `wrong`. Comparing takes the same time for every signature.
 */
export class SignedLink {
  private readonly secrets: readonly SigningSecret[];

  /** `secrets`: newest first, at least one, none empty. `now`: milliseconds since 1970. */
  constructor(
    secrets: readonly string[],
    private readonly now: () => number = Date.now,
  ) {
    if (secrets.length === 0 || secrets.some((secret) => secret === '')) {
      throw new TypeError('Signed links need at least one secret, and none may be empty.');
    }
    this.secrets = secrets.map((secret) => ({ kid: keyIdOf(secret), key: createSecretKey(secret, 'utf8') }));
  }

  /** The query string, without `?`, that opens the object at `keyPath` until `expiresAtSeconds` (Unix time). */
  sign(keyPath: string, expiresAtSeconds: number): string {
    const secret = this.secrets[0]!;
    const expires = String(Math.floor(expiresAtSeconds));
    return `expires=${expires}&kid=${secret.kid}&signature=${signatureOf(secret, keyPath, expires)}`;
  }

  /** Whether `query` opens the object at `keyPath` (decoded) now. `expired` is said only of a right signature. */
  verify(keyPath: string, query: SignedLinkQuery): SignedLinkVerdict {
    const read = parameterReader(query);
    const expires = read('expires');
    const signature = read('signature');
    if (expires === undefined || signature === undefined) return 'missing';
    const kid = read('kid');
    if (expires === REPEATED || signature === REPEATED || kid === REPEATED) return 'wrong';
    if (!/^\d{1,12}$/.test(expires)) return 'wrong';
    const candidates = kid === undefined ? this.secrets : this.secrets.filter((secret) => secret.kid === kid);
    if (!candidates.some((secret) => sameText(signatureOf(secret, keyPath, expires), signature))) {
      return 'wrong';
    }
    return Number(expires) * 1000 > this.now() ? 'valid' : 'expired';
  }
}

const REPEATED = Symbol('repeated');

function signatureOf(secret: SigningSecret, keyPath: string, expires: string): string {
  // A line feed cannot occur in a key, so two different triples never give the same text.
  return createHmac('sha256', secret.key).update(`${keyPath}\n${expires}\n${secret.kid}`).digest('base64url');
}

function keyIdOf(secret: string): string {
  return createHash('sha256').update('signed-link key id\n').update(secret).digest('base64url').slice(0, 8);
}

function sameText(expected: string, given: string): boolean {
  const left = Buffer.from(expected);
  const right = Buffer.from(given);
  return left.length === right.length && timingSafeEqual(left, right);
}

function parameterReader(query: SignedLinkQuery): (name: string) => string | typeof REPEATED | undefined {
  if (typeof query === 'string' || query instanceof URLSearchParams) {
    const parameters = typeof query === 'string' ? new URLSearchParams(query) : query;
    return (name) => oneOf(parameters.getAll(name));
  }
  return (name) => {
    const value = Object.hasOwn(query, name) ? query[name] : undefined;
    if (value === undefined) return undefined;
    return typeof value === 'string' ? value : oneOf(Array.isArray(value) ? value : [value, value]);
  };
}

function oneOf(values: readonly unknown[]): string | typeof REPEATED | undefined {
  if (values.length === 0) return undefined;
  return values.length === 1 && typeof values[0] === 'string' ? values[0] : REPEATED;
}
