import { Injectable, Logger } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import { DomainError } from '../kernel/errors.js';
import { Transactions } from '../platform/database/transactions.js';
import { returnPath } from './domain/return-path.js';
import { ProviderNotConfigured, SignInFailed } from './domain/sign-in.errors.js';
import type { ProviderId, SignInConfiguration } from './domain/sign-in-provider.js';
import { SignInSecret } from './domain/sign-in-secret.js';
import { IdentityProviders } from './identity-providers.js';
import { IdentitySettings } from './identity-settings.service.js';
import { OidcArrival } from './oidc-arrival.service.js';
import { SignInStatesRepository, type TakenSignIn } from './persistence/sign-in-states.repository.js';
import type { StartedSession } from './sessions.service.js';

/** How long a browser may take at the provider, in seconds (REST contract 9.1). */
export const SIGN_IN_SECONDS = 300;

/** A sign-in that was started: where the browser goes, and what its cookie holds. */
export interface StartedSignIn {
  readonly url: string;
  readonly cookie: string;
}

/** The cookies that a browser came back with. */
export interface ReturningCookies {
  /** What binds the sign-in to the browser. */
  readonly signIn: string | undefined;
  /** Of the session that the new one replaces. */
  readonly session: string | undefined;
}

/**
 * Sign-in in a browser with an identity provider (REST contract 9.1): a single-use state that is bound to the browser
 * and kept in the database, so that any replica finishes it, nonce, and PKCE (threats B9 to B12).
 */
@Injectable()
export class OidcSignIn {
  private readonly logger = new Logger('OidcSignIn');

  constructor(
    private readonly settings: IdentitySettings,
    private readonly providers: IdentityProviders,
    private readonly states: SignInStatesRepository,
    private readonly arrival: OidcArrival,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Begins a sign-in. `returnTo` is kept when it is a path of this site, and dropped otherwise. Throws
   * `ProviderNotConfigured` and `ProviderUnavailable`.
   */
  async start(provider: ProviderId, returnTo: string | undefined): Promise<StartedSignIn> {
    const configuration = await this.settings.active(provider);
    if (configuration === undefined) throw new ProviderNotConfigured(provider);
    const secret = SignInSecret.generate();
    const state = SignInSecret.newState();
    const adapter = this.providers.for(configuration.providerType);
    const url = await adapter.authorizationUrl(configuration, proofOf(secret, state));
    const row = {
      stateDigest: SignInSecret.digestOf(state),
      browserDigest: secret.digest,
      provider,
      configurationId: configuration.id,
      returnTo: returnPath(returnTo) ?? null,
    };
    await this.states.add(row, SIGN_IN_SECONDS);
    return { url, cookie: secret.text };
  }

  /**
   * Finishes a sign-in with the query of the callback and the cookies of the browser, whose session before ends.
   * Throws `SignInFailed` with the code for the page; what is wrong is logged, and recorded when the sign-in was a
   * real one.
   */
  async finish(answer: URLSearchParams, cookies: ReturningCookies): Promise<StartedSession> {
    const [state, ...more] = answer.getAll('state');
    const secret = SignInSecret.tryParse(cookies.signIn);
    if (state === undefined || state === '' || more.length > 0) throw new SignInFailed('invalid_state');
    const taken = await this.states.take(SignInSecret.digestOf(state), secret?.digest);
    if (taken?.isExpired === true) throw new SignInFailed('state_expired');
    if (taken === undefined || secret === undefined) throw new SignInFailed('invalid_state');
    try {
      return await this.finishTaken(taken, answer, proofOf(secret, state), cookies.session);
    } catch (error) {
      if (error instanceof SignInFailed) await this.note(taken, error);
      throw error;
    }
  }

  private async finishTaken(
    taken: TakenSignIn,
    answer: URLSearchParams,
    proof: ReturnType<typeof proofOf>,
    replaces: string | undefined,
  ): Promise<StartedSession> {
    const configuration = await this.configurationOf(taken);
    if (answer.has('error')) throw new SignInFailed('access_denied');
    const identity = await this.providers
      .for(configuration.providerType)
      .identify(configuration, answer, proof);
    const { provider, returnTo } = taken;
    return this.arrival.welcome(provider, configuration, identity, { returnTo, replaces });
  }

  /** The configuration that the sign-in began with, as long as it is still the one in use. */
  private async configurationOf({ provider, configurationId }: TakenSignIn): Promise<SignInConfiguration> {
    const configuration = await this.settings.active(provider);
    if (configuration?.id !== configurationId) throw new SignInFailed('provider_not_configured');
    return configuration;
  }

  private async note({ provider, configurationId }: TakenSignIn, failure: SignInFailed): Promise<void> {
    this.logger.warn(`A sign-in with ${provider} failed: ${failure.reason}${reasonOf(failure)}`);
    await this.transactions.run(() =>
      this.audit.record({
        resource: 'session',
        resourceId: null,
        organizationId: null,
        metadata: { outcome: 'failed', error: failure.reason, provider, identity_id: configurationId },
      }),
    );
  }
}

function proofOf(secret: SignInSecret, state: string) {
  return { state, nonce: secret.nonceFor(state), codeVerifier: secret.codeVerifierFor(state) };
}

/** Only texts of our own and of the library; what a provider sent stays out of the log (threat J5). */
function reasonOf({ cause }: SignInFailed): string {
  if (cause instanceof DomainError) return ` (${cause.message})`;
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[A-Za-z_]{1,60}$/.test(code) ? ` (${code})` : '';
}
