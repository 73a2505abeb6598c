import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { scopesIn } from '../access/authority.js';
import { UserAuthority } from '../orgs/user-authority.service.js';
import { Transactions } from '../platform/database/transactions.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import { ApiKeys } from './api-keys.service.js';
import { type AuthorizationRequest, CLIENT_ID } from './domain/authorization-request.js';
import { TokenRefused } from './domain/terraform-login.errors.js';
import { LoginCodesRepository, type TakenLoginCode } from './persistence/login-codes.repository.js';
import { TerraformLoginOffer } from './terraform-login-offer.service.js';
import { type LoginProposal, TerraformLoginProposals } from './terraform-login-proposals.service.js';

const CODE_BYTES = 32;
const CODE_LIFE_MS = 60_000;
/** A code that is presented again within this time still ends the key that it gave. */
const REMEMBERED_MS = 30 * 86_400_000;
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

/** Who agreed, and in which browser session. */
export interface LoginApprover {
  readonly userId: string;
  readonly sessionId: string;
}

/** The fields of a token request, as they came. */
export type TokenRequest = Readonly<Record<string, unknown>>;

/** A token for the CLI. */
export interface LoginToken {
  readonly accessToken: string;
  /** Seconds; `undefined` without an end. */
  readonly expiresIn: number | undefined;
}

/**
 * `terraform login` and `tofu login` (REST contract 6.5): an authorization code bound to the CLI by PKCE, which is
 * good once and for a minute, is exchanged for an API key of the user.
 */
@Injectable()
export class TerraformLogin {
  constructor(
    private readonly codes: LoginCodesRepository,
    private readonly keys: ApiKeys,
    private readonly users: UserAuthority,
    private readonly transactions: Transactions,
    private readonly offer: TerraformLoginOffer,
    private readonly proposals: TerraformLoginProposals,
  ) {}

  /** Throws `LoginNotOffered` where it is not offered. */
  assertOffered(): Promise<void> {
    return this.offer.require();
  }

  /** What this user would agree to. Throws `LoginNotOffered`, `NothingToGrant`. */
  async propose(userId: string): Promise<LoginProposal> {
    await this.offer.require();
    return this.proposals.of(userId);
  }

  /** Gives the code for a request that the user agreed to. Throws as `propose` does. */
  async approve({ userId, sessionId }: LoginApprover, request: AuthorizationRequest): Promise<string> {
    const { organization, scopes } = await this.propose(userId);
    const code = randomBytes(CODE_BYTES).toString('base64url');
    const { redirectUri, codeChallenge } = request;
    const consent = { userId, sessionId, organizationId: organization.id, scopes: [...scopes] };
    const row = { ...consent, codeHash: sha256(code), redirectUri, codeChallenge };
    await this.codes.add(row, CODE_LIFE_MS, REMEMBERED_MS);
    return code;
  }

  /**
   * Exchanges a code for a token. Whoever presents a code uses it up, whatever comes of it; presenting it again ends
   * the token that it gave (threat B18). Throws {@link TokenRefused}, `LoginNotOffered`.
   */
  async redeem(request: TokenRequest): Promise<LoginToken> {
    await this.offer.require();
    if (textOf(request, 'grant_type') !== 'authorization_code') {
      throw TokenRefused.request('grant_type must be authorization_code');
    }
    const codeHash = sha256(textOf(request, 'code'));
    const verifier = textOf(request, 'code_verifier');
    const redirectUri = textOf(request, 'redirect_uri');
    const isOurClient = textOf(request, 'client_id') === CLIENT_ID;
    const token = await this.transactions.run(async () => {
      const taken = await this.codes.take(codeHash);
      if (taken === undefined) return this.punishReuse(codeHash);
      const isBound = isOurClient && redirectUri === taken.redirectUri;
      if (!isBound || taken.isExpired || !isProofOf(taken.codeChallenge, verifier)) return undefined;
      return this.issue(taken);
    });
    if (token === undefined) throw TokenRefused.grant();
    return token;
  }

  /** `undefined` when the user may do nothing of what they agreed to any more. */
  private async issue(taken: TakenLoginCode): Promise<LoginToken | undefined> {
    const { id, userId, sessionId, organizationId } = taken;
    const { value: user } = await this.users.of(userId);
    if (user === undefined) return undefined;
    const grantable = scopesIn(user.authority, organizationId);
    const scopes = taken.scopes.filter((scope) => grantable.includes(scope));
    if (scopes.length === 0) return undefined;
    const active = RequestContext.current();
    // The request carries no credential; the record names who agreed.
    if (active) active.principal = { kind: 'user', ...user, credential: { kind: 'session', id: sessionId } };
    const now = new Date();
    const lifeMs = this.proposals.tokenLifeMs;
    const { key, id: apiKeyId } = await this.keys.issueForLogin({
      userId,
      organizationId,
      name: `terraform login ${now.toISOString().slice(0, 10)}`,
      scopes,
      expiresAt: lifeMs === undefined ? null : new Date(now.getTime() + lifeMs),
    });
    await this.codes.setKey(id, apiKeyId);
    return { accessToken: key, expiresIn: lifeMs === undefined ? undefined : Math.floor(lifeMs / 1000) };
  }

  private async punishReuse(codeHash: Buffer): Promise<undefined> {
    const keyId = await this.codes.keyIssuedFor(codeHash);
    if (keyId !== undefined) await this.keys.revoke(keyId);
    return undefined;
  }
}

/** PKCE with S256 (RFC 7636), compared in constant time. */
function isProofOf(codeChallenge: string, verifier: string): boolean {
  if (!VERIFIER.test(verifier)) return false;
  const expected = Buffer.from(codeChallenge, 'base64url');
  const actual = sha256(verifier);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function textOf(request: TokenRequest, name: string): string {
  const value = request[name];
  if (typeof value !== 'string' || value === '') throw TokenRefused.request(`${name} is missing`);
  return value;
}
