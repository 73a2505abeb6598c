import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { newSigningJwk } from './identity-provider-liar.js';

/** Somebody with an account at the provider; every claim is told as it is. */
export interface Account {
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly name?: string;
  readonly groups?: readonly string[];
}

/** How the registry is known there. */
export interface KnownClient {
  readonly id: string;
  readonly secret: string;
  readonly redirectUri: string;
  readonly postLogoutUri: string;
  /** Where the provider tells of a sign-out by itself, naming the session. */
  readonly backChannelLogoutUri?: string;
  /** Whether it gets refresh tokens; each is good once, and a second use ends the sign-in. */
  readonly isRenewed?: boolean;
}

/**
 * A real OpenID Connect provider (oidc-provider, certified) on a free port of the loopback interface. Whoever comes to
 * its sign-in page is `signsIn`; without one the sign-in is refused.
 */
export class CertifiedIdentityProvider {
  /** The account of whoever comes to the sign-in page. */
  signsIn: string | undefined;
  readonly accounts = new Map<string, Account>();
  /** Accounts that were closed: nothing of theirs is renewed. */
  readonly closed = new Set<string>();
  /** While it is down every connection is cut off. */
  isDown = false;
  /** How often sign-ins were renewed, and how often that was refused. */
  readonly renewals = { granted: 0, refused: 0 };
  /** Reaches the registry, whose public address leads nowhere. */
  deliver: typeof fetch = fetch;

  private constructor(
    private readonly server: Server,
    readonly issuer: string,
  ) {}

  static async start(client: KnownClient): Promise<CertifiedIdentityProvider> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const started = new CertifiedIdentityProvider(server, issuer);
    // It warns that it is made for more than a test.
    const { warn, info } = console;
    console.warn = console.info = () => undefined;
    try {
      started.serve(new Provider(issuer, started.configuration(client)));
    } finally {
      Object.assign(console, { warn, info });
    }
    return started;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private serve(provider: Provider): void {
    const handle = provider.callback();
    const isRenewal = ({ oidc }: KoaContextWithOIDC): boolean =>
      oidc.params?.['grant_type'] === 'refresh_token';
    provider.on('grant.success', (context) => (this.renewals.granted += Number(isRenewal(context))));
    provider.on('grant.error', (context) => (this.renewals.refused += Number(isRenewal(context))));
    this.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (this.isDown) return void request.socket.destroy();
      if (!request.url?.startsWith('/interaction/')) return void handle(request, response);
      const result =
        this.signsIn === undefined
          ? { error: 'access_denied', error_description: 'Not today' }
          : { login: { accountId: this.signsIn } };
      void provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    });
  }

  private configuration(client: KnownClient): Configuration {
    const { id, secret, redirectUri, postLogoutUri, backChannelLogoutUri, isRenewed = false } = client;
    return {
      clients: [
        {
          client_id: id,
          client_secret: secret,
          redirect_uris: [redirectUri],
          post_logout_redirect_uris: [postLogoutUri],
          grant_types: ['authorization_code', ...(isRenewed ? ['refresh_token'] : [])],
          ...(backChannelLogoutUri !== undefined && {
            backchannel_logout_uri: backChannelLogoutUri,
            backchannel_logout_session_required: true,
          }),
        },
      ],
      jwks: { keys: [newSigningJwk('certified') as never] },
      cookies: { keys: [randomBytes(16).toString('hex')] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
      scopes: ['openid', 'email', 'profile', 'groups'],
      findAccount: (_context, accountId) =>
        this.closed.has(accountId)
          ? undefined
          : { accountId, claims: () => ({ sub: accountId, ...this.accounts.get(accountId) }) as never },
      issueRefreshToken: async () => isRenewed,
      rotateRefreshToken: true,
      loadExistingGrant: async (context) => grantAll(context),
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      features: {
        devInteractions: { enabled: false },
        rpInitiatedLogout: { enabled: true },
        backchannelLogout: { enabled: backChannelLogoutUri !== undefined },
      },
      fetch: (url, options) => this.deliver(url, options),
      pkce: { required: () => true },
      ttl: {
        Interaction: 600,
        Session: 600,
        Grant: 600,
        AccessToken: 600,
        IdToken: 600,
        AuthorizationCode: 60,
        RefreshToken: 600,
      },
    };
  }
}

async function grantAll({ oidc }: KoaContextWithOIDC) {
  const { clientId } = oidc.client!;
  const grant = new oidc.provider.Grant({ clientId, accountId: oidc.session!.accountId! });
  grant.addOIDCScope(String(oidc.params?.['scope'] ?? 'openid'));
  await grant.save();
  return grant;
}
