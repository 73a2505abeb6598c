import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import { GcsFailure } from './gcs-answers.js';

const TOKEN_LIFE_SECONDS = 3_600;
const MAX_CLOCK_SKEW_SECONDS = 300;
const STORAGE_SCOPE = /devstorage\.(read_write|full_control)|cloud-platform/;

/** One key for all servers of a process: making one takes a while. Test-only. */
let pem: string | undefined;
function privateKey(): string {
  pem ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
  return pem;
}

/** A service account with its key, and the access tokens that were issued for it. */
export class GcsAccount {
  readonly email = 'registry@project-for-tests.iam.gserviceaccount.com';
  readonly projectId = 'project-for-tests';
  /** The account was taken away: no token is issued any more, and those that were are worth nothing. */
  isRevoked = false;
  /** How many tokens were issued. */
  issued = 0;
  private readonly key: KeyObject = createPrivateKey(privateKey());
  private readonly publicKey: KeyObject = createPublicKey(this.key);
  private readonly tokens = new Map<string, number>();

  /** What a credentials file of the account contains. Tokens are to be had at `tokenUrl`. */
  credentials(tokenUrl: string): Record<string, string> {
    return {
      type: 'service_account',
      project_id: this.projectId,
      private_key_id: 'test-only',
      private_key: privateKey(),
      client_email: this.email,
      client_id: '1',
      token_uri: tokenUrl,
      universe_domain: 'googleapis.com',
    };
  }

  /** A new access token. */
  issue(): { access_token: string; expires_in: number; token_type: string } {
    if (this.isRevoked) throw new GcsFailure(400, 'invalid_grant', 'Invalid grant: account not found');
    const token = `ya29.test-only-${randomUUID()}`;
    this.tokens.set(token, Date.now() + TOKEN_LIFE_SECONDS * 1000);
    this.issued += 1;
    return { access_token: token, expires_in: TOKEN_LIFE_SECONDS, token_type: 'Bearer' };
  }

  /** From now on the tokens that were issued are not accepted. */
  forgetTokens(): void {
    this.tokens.clear();
  }

  /** Throws unless `authorization` carries a token that was issued here and lives. */
  assertToken(authorization: string | undefined): void {
    const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '';
    if (this.isRevoked || (this.tokens.get(token) ?? 0) <= Date.now()) {
      throw new GcsFailure(401, 'authError', 'Invalid Credentials');
    }
  }

  /** Throws unless `assertion` is a JWT of the account for the server of tokens at `audience` (RFC 7523). */
  assertAssertion(assertion: string, audience: readonly string[]): void {
    const refuse = (why: string): never => {
      throw new GcsFailure(400, 'invalid_grant', why);
    };
    const [head = '', body = '', signature = ''] = assertion.split('.');
    const header = decoded(head);
    const claims = decoded(body);
    const now = Date.now() / 1000;
    if (header['alg'] !== 'RS256') refuse('Invalid JWT: wrong algorithm');
    if (!this.hasSigned(Buffer.from(`${head}.${body}`), Buffer.from(signature, 'base64url'))) {
      refuse('Invalid JWT Signature.');
    }
    if (claims['iss'] !== this.email) refuse('Invalid grant: account not found');
    if (!audience.includes(String(claims['aud']))) refuse('Invalid JWT: Failed audience check.');
    const [issuedAt, expiresAt] = [Number(claims['iat']), Number(claims['exp'])];
    if (!(issuedAt <= now + MAX_CLOCK_SKEW_SECONDS && expiresAt > now && expiresAt - issuedAt <= 3_600)) {
      refuse('Invalid JWT: Token must be a short-lived token');
    }
    if (!STORAGE_SCOPE.test(String(claims['scope']))) throw new GcsFailure(400, 'invalid_scope');
  }

  sign(data: Buffer): Buffer {
    return sign('sha256', data, this.key);
  }

  hasSigned(data: Buffer, signature: Buffer): boolean {
    return verify('sha256', data, this.publicKey, signature);
  }
}

function decoded(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}
