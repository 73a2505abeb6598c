import * as client from 'openid-client';
import type { OutboundHttp } from '../../../platform/outbound-http/outbound-http.js';
import type { FetchLike } from '../../../platform/outbound-http/outbound-request.js';
import { groupsIn } from '../../domain/group-claim.js';
import { isName } from '../../domain/logout-token.js';
import { ProviderUnavailable, SignInFailed } from '../../domain/sign-in.errors.js';
import type {
  HeldSignIn,
  ProvenIdentity,
  ProviderClient,
  RenewedSignIn,
  SignInConfiguration,
} from '../../domain/sign-in-provider.js';
import { IdentityProvider, type SignInProof } from '../../ports/identity-provider.js';
import { KeySets } from './key-sets.js';
import { LogoutTokens } from './logout-tokens.js';
import { isAddress, OidcDiscovery } from './oidc-discovery.js';
import { isRefusedRenewal, renewalFailure } from './renewal-failure.js';
import { tokenFailure } from './token-failure.js';

const MAX_SUBJECT_LENGTH = 255;

/** Claims of an identity token or of the user info. */
export type Claims = Readonly<Record<string, unknown>>;

/** An address, and what is said about it by the same source. */
export interface ClaimedEmail {
  readonly email: string;
  readonly isVerified: boolean | undefined;
}

/** Sign-in by OpenID Connect: authorization code with PKCE (S256), through openid-client. */
export class OidcIdentityProvider extends IdentityProvider {
  /** Whether the user info tells groups that the identity token leaves out. */
  protected readonly hasGroupsInUserInfo: boolean = true;

  private readonly fetch: FetchLike;
  private readonly discovery: OidcDiscovery;
  private readonly keys: KeySets;
  private readonly logoutTokens: LogoutTokens;

  constructor(http: OutboundHttp) {
    super();
    this.fetch = http.fetchFor('sign-in');
    this.discovery = new OidcDiscovery((url) => this.fetch(url, { redirect: 'error' }));
    this.keys = new KeySets((url) => this.fetch(url, { redirect: 'error' }));
    this.logoutTokens = new LogoutTokens(this.discovery, this.keys);
  }

  async discover({ issuerUrl }: { readonly issuerUrl: string }): Promise<string> {
    return (await this.discovery.read(issuerUrl)).issuer;
  }

  async authorizationUrl(configuration: SignInConfiguration, proof: SignInProof): Promise<string> {
    const connection = await this.connect(configuration);
    const url = client.buildAuthorizationUrl(connection, {
      redirect_uri: configuration.redirectUrl,
      scope: configuration.scopes.join(' '),
      state: proof.state,
      nonce: proof.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(proof.codeVerifier),
      code_challenge_method: 'S256',
    });
    return url.href;
  }

  async identify(
    configuration: SignInConfiguration,
    answer: URLSearchParams,
    { state, nonce, codeVerifier }: SignInProof,
  ): Promise<ProvenIdentity> {
    try {
      const connection = await this.connect(configuration);
      checkAnswer(answer, connection.serverMetadata());
      const callback = new URL(configuration.redirectUrl);
      callback.search = answer.toString();
      const tokens = await client.authorizationCodeGrant(connection, callback, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      });
      const claims: Claims = tokens.claims()!;
      this.checkToken(configuration, claims);
      const isIncomplete = this.emailIn(claims) === undefined || this.lacksGroups(configuration, claims);
      const info = isIncomplete
        ? await this.userInfo(connection, tokens.access_token, String(claims['sub']))
        : undefined;
      return this.identityOf(configuration, claims, info ?? {}, tokens);
    } catch (error) {
      throw tokenFailure(error);
    }
  }

  async renew(configuration: SignInConfiguration, held: HeldSignIn): Promise<RenewedSignIn | undefined> {
    try {
      const connection = await this.connect(configuration);
      const tokens = await client.refreshTokenGrant(connection, held.refreshToken);
      const claims: Claims | undefined = tokens.claims();
      if (claims !== undefined) {
        this.checkToken(configuration, claims);
        if (claims['iss'] !== held.issuer || claims['sub'] !== held.subject) return undefined;
      }
      const info = this.lacksGroups(configuration, claims ?? {})
        ? await this.userInfo(connection, tokens.access_token, held.subject)
        : undefined;
      // An answer that tells nothing must not look like one that tells of no groups.
      if (claims === undefined && info === undefined && configuration.groupClaimName !== '') {
        throw new ProviderUnavailable('The identity provider does not say which groups somebody is in now');
      }
      const groups = this.groupsOf(configuration, claims ?? {}, info ?? {});
      return { groups, refreshToken: tokens.refresh_token ?? held.refreshToken };
    } catch (error) {
      if (isRefusedRenewal(error)) return undefined;
      throw renewalFailure(error);
    }
  }

  async endSessionUrl(
    configuration: SignInConfiguration,
    { idToken, returnTo }: { readonly idToken: string | undefined; readonly returnTo: string },
  ): Promise<string | undefined> {
    try {
      const connection = await this.connect(configuration);
      const { end_session_endpoint: endpoint } = connection.serverMetadata();
      if (!isAddress(endpoint, configuration.issuerUrl)) return undefined;
      return client.buildEndSessionUrl(connection, {
        post_logout_redirect_uri: returnTo,
        ...(idToken !== undefined && { id_token_hint: idToken }),
      }).href;
    } catch {
      return undefined;
    }
  }

  verifyLogoutToken(knownAs: ProviderClient, token: string): Promise<Claims> {
    return this.logoutTokens.verify(knownAs, token);
  }

  /** What this kind of provider demands beyond the checks of every identity token. Throws `SignInFailed`. */
  protected checkToken({ clientId }: SignInConfiguration, claims: Claims): void {
    const { sub, azp } = claims;
    const isUsable = typeof sub === 'string' && sub !== '' && sub.length <= MAX_SUBJECT_LENGTH;
    if (!isUsable || (azp !== undefined && azp !== clientId)) throw new SignInFailed('id_token_invalid');
  }

  /** Whether the identity token leaves out groups that the user info tells. */
  private lacksGroups({ groupClaimName }: SignInConfiguration, claims: Claims): boolean {
    if (!this.hasGroupsInUserInfo || groupClaimName === '') return false;
    return groupsIn(claims, groupClaimName) === undefined;
  }

  /** The groups that the claims tell; none when they tell nothing. */
  protected groupsOf({ groupClaimName }: SignInConfiguration, claims: Claims, info: Claims): string[] {
    if (groupClaimName === '') return [];
    return groupsIn(claims, groupClaimName) ?? groupsIn(info, groupClaimName) ?? [];
  }

  /** The address in these claims. */
  protected emailIn(claims: Claims): ClaimedEmail | undefined {
    const { email, email_verified: isVerified } = claims;
    return typeof email === 'string' && email !== '' ? { email, isVerified: truth(isVerified) } : undefined;
  }

  private identityOf(
    configuration: SignInConfiguration,
    claims: Claims,
    info: Claims,
    tokens: client.TokenEndpointResponse,
  ): ProvenIdentity {
    const address = this.emailIn(claims) ?? this.emailIn(info);
    if (address === undefined) throw new SignInFailed('user_info_failed');
    const names = [claims['name'], info['name'], claims['preferred_username'], address.email];
    return {
      issuer: String(claims['iss']),
      subject: String(claims['sub']),
      email: address.email,
      isEmailVerified: address.isVerified,
      name: String(names.find((name) => typeof name === 'string' && name.trim() !== '')).slice(0, 255),
      groups: this.groupsOf(configuration, claims, info),
      sid: isName(claims['sid']) ? claims['sid'] : undefined,
      idToken: tokens.id_token!,
      refreshToken: tokens.refresh_token,
    };
  }

  private async userInfo(
    connection: client.Configuration,
    token: string,
    subject: string,
  ): Promise<Claims | undefined> {
    const { userinfo_endpoint: endpoint } = connection.serverMetadata();
    if (endpoint === undefined) return undefined;
    try {
      return await client.fetchUserInfo(connection, token, subject);
    } catch (error) {
      throw new SignInFailed('user_info_failed', error);
    }
  }

  private async connect(configuration: SignInConfiguration): Promise<client.Configuration> {
    const { issuerUrl, clientId, clientSecret } = configuration;
    const metadata = await this.discovery.get(issuerUrl);
    const methods = metadata.token_endpoint_auth_methods_supported;
    const authentication = methods?.includes('client_secret_post')
      ? client.ClientSecretPost(clientSecret)
      : client.ClientSecretBasic(clientSecret);
    const connection = new client.Configuration(metadata, clientId, undefined, authentication);
    const { jwks_uri: keysUrl } = metadata;
    connection[client.customFetch] = (url, options) =>
      url === keysUrl ? this.keys.answer(url) : this.fetch(url, options as RequestInit);
    // Without this the library trusts the connection to the token endpoint instead of the signature.
    client.enableNonRepudiationChecks(connection);
    if (issuerUrl.startsWith('http:')) client.allowInsecureRequests(connection);
    return connection;
  }
}

/** The library checks this as well, and calls it the same as a bad token (threat B11). */
function checkAnswer(answer: URLSearchParams, provider: client.ServerMetadata): void {
  const [code, ...moreCodes] = answer.getAll('code');
  const issuers = answer.getAll('iss');
  const isAnnounced = provider.authorization_response_iss_parameter_supported === true;
  const hasCode = code !== undefined && code !== '' && moreCodes.length === 0;
  const isIssuerRight = issuers.every((issuer) => issuer === provider.issuer) && issuers.length <= 1;
  if (!hasCode || !isIssuerRight || (isAnnounced && issuers.length === 0) || answer.has('response')) {
    throw new SignInFailed('token_exchange_failed');
  }
}

/** Some providers write booleans as text. */
function truth(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : undefined;
}
