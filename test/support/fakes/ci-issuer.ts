import { randomUUID } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import { type FakeAnswer, FakeHttps } from './fake-https.js';
import { type IssuerKey, newIssuerKey } from './issuer-key.js';

/** What a token is made of, besides its claims. */
export interface SignOptions {
  readonly key?: IssuerKey;
  readonly header?: Readonly<Record<string, unknown>>;
  /** Seconds since the epoch. */
  readonly iat?: number;
  readonly exp?: number;
}

/**
 * An issuer of identity tokens for pipelines, over TLS on the loopback interface: discovery document, keys and
 * tokens.
 */
export class CiIssuer {
  /** Answers 503 while set. */
  isDown = false;
  /** What the discovery document says instead of the truth. */
  discovery: Readonly<Record<string, unknown>> = {};
  /** The keys that are published. */
  readonly keys: IssuerKey[];
  private https!: FakeHttps;

  private constructor(
    /** The key with which tokens are signed. */
    readonly currentKey: IssuerKey,
    private readonly path: string,
  ) {
    this.keys = [currentKey];
  }

  /** Starts an issuer whose address has this path, e.g. `/_services/token`. */
  static async start(path = ''): Promise<CiIssuer> {
    const issuer = new CiIssuer(await newIssuerKey(), path);
    issuer.https = await FakeHttps.start((asked) => issuer.answer(asked));
    return issuer;
  }

  get issuer(): string {
    return `${this.https.url}${this.path}`;
  }

  /** Paths that were asked for, in their order. */
  get asked(): readonly string[] {
    return this.https.asked;
  }

  /** The settings with which an application can reach it. */
  get settings(): Record<string, string> {
    return this.https.settings;
  }

  /** A signed token with these claims; a claim that is `undefined` is left out. */
  async sign(claims: Readonly<Record<string, unknown>>, options: SignOptions = {}): Promise<string> {
    const { key = this.currentKey, header } = options;
    const now = Math.floor(Date.now() / 1000);
    const iat = options.iat ?? now;
    const exp = options.exp ?? now + 300;
    const payload = { iss: this.issuer, jti: randomUUID(), iat, nbf: iat, exp, ...claims };
    return new SignJWT(payload as JWTPayload)
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })
      .sign(key.privateKey);
  }

  stop(): Promise<void> {
    return this.https.stop();
  }

  private answer(path: string): FakeAnswer {
    if (this.isDown) return { status: 503, body: {} };
    if (path === `${this.path}/.well-known/openid-configuration`) {
      const { issuer, discovery } = this;
      return { status: 200, body: { issuer, jwks_uri: `${issuer}/keys`, ...discovery } };
    }
    if (path === `${this.path}/keys`)
      return { status: 200, body: { keys: this.keys.map(({ publicJwk }) => publicJwk) } };
    return { status: 404, body: {} };
  }
}
