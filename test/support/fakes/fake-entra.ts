import { randomUUID } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import { type FakeAnswer, FakeHttps } from './fake-https.js';
import { type IssuerKey, newIssuerKey } from './issuer-key.js';

type Claims = Readonly<Record<string, unknown>>;

/** One tenant of Entra ID: its metadata and keys over TLS on the loopback interface, and access tokens. */
export class FakeEntra {
  readonly tenantId = randomUUID();
  readonly clientId = randomUUID();
  /** What it answers instead of metadata and keys. */
  failure: FakeAnswer | undefined;
  /** The keys that are published. */
  keys: IssuerKey[];
  private https!: FakeHttps;

  private constructor(
    /** The key with which tokens are signed. */
    public currentKey: IssuerKey,
  ) {
    this.keys = [currentKey];
  }

  static async start(): Promise<FakeEntra> {
    const fake = new FakeEntra(await newIssuerKey());
    fake.https = await FakeHttps.start((path) => fake.answer(path));
    return fake;
  }

  /** Issuer of v2.0 tokens. */
  get issuer(): string {
    return `${this.https.url}/${this.tenantId}/v2.0`;
  }

  get v1Issuer(): string {
    return `https://sts.windows.net/${this.tenantId}/`;
  }

  get asked(): readonly string[] {
    return this.https.asked;
  }

  /** The settings of an application that accepts its access tokens. */
  get settings(): Record<string, string> {
    return {
      ...this.https.settings,
      TFR_AUTH_AZURE_AD_ENABLED: 'true',
      TFR_AUTH_AZURE_AD_TENANT_ID: this.tenantId,
      TFR_AUTH_AZURE_AD_CLIENT_ID: this.clientId,
      TFR_AUTH_AZURE_AD_CLIENT_SECRET: 'TEST ONLY client secret',
      TFR_AUTH_AZURE_AD_AUTHORITY_URL: this.https.url,
      TFR_AUTH_AZURE_AD_ACCEPT_ACCESS_TOKENS: 'true',
    };
  }

  /** The claims of a token of an application (v2.0), with its own object id as subject. */
  applicationClaims(): Record<string, unknown> {
    const oid = randomUUID();
    return { ...this.common(), oid, sub: oid, azp: randomUUID(), azpacr: '1', idtyp: 'app' };
  }

  /** The claims of a token of a user (v2.0). */
  userClaims(subject: string = randomUUID()): Record<string, unknown> {
    return {
      ...this.common(),
      oid: randomUUID(),
      sub: subject,
      azp: randomUUID(),
      scp: 'registry',
      uti: randomUUID(),
    };
  }

  /** Signs a token; a claim that is `undefined` is left out. */
  sign(claims: Claims, header: Claims = {}, key: IssuerKey = this.currentKey): Promise<string> {
    return new SignJWT(claims as JWTPayload)
      .setProtectedHeader({ alg: key.alg, kid: key.kid, x5t: key.kid, typ: 'JWT', ...header })
      .sign(key.privateKey);
  }

  stop(): Promise<void> {
    return this.https.stop();
  }

  private common(): Record<string, unknown> {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.issuer,
      aud: this.clientId,
      tid: this.tenantId,
      ver: '2.0',
      iat: now,
      nbf: now,
      exp: now + 3_600,
    };
  }

  private answer(path: string): FakeAnswer {
    if (this.failure !== undefined) return this.failure;
    const keys = `/${this.tenantId}/discovery/v2.0/keys`;
    if (path === `/${this.tenantId}/v2.0/.well-known/openid-configuration`)
      return {
        status: 200,
        body: {
          issuer: this.issuer,
          jwks_uri: `${this.https.url}${keys}`,
          id_token_signing_alg_values_supported: ['RS256'],
        },
      };
    // The published keys of Entra ID name no algorithm.
    const published = this.keys.map(({ publicJwk: { alg: _, ...jwk } }) => ({ ...jwk, x5t: jwk.kid }));
    return path === keys ? { status: 200, body: { keys: published } } : { status: 404, body: {} };
  }
}
