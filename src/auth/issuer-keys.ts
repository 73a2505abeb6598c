import {
  createRemoteJWKSet,
  customFetch,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
  type RemoteJWKSet,
} from 'jose';
import { IssuerUnavailable } from './domain/trusted-publishers.errors.js';

/** A `fetch` behind the egress guard. */
export type GuardedFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** How often an issuer is asked, in milliseconds. */
export interface IssuerPace {
  /** Discovery and keys are read again after this time. */
  readonly refreshMs: number;
  /** Between two looks for a key that is not known (threat B5). */
  readonly cooldownMs: number;
  /** After a look that failed. */
  readonly retryMs: number;
}

const PACE: IssuerPace = { refreshMs: 600_000, cooldownMs: 30_000, retryMs: 5_000 };
const FETCH_TIMEOUT_MS = 5_000;

/**
 * The signing keys of one issuer, found by its discovery document. Those who ask at the same time share one
 * look; the last keys that were read stay good while the issuer is down.
 */
export class IssuerKeys {
  private known: { readonly keys: RemoteJWKSet; readonly readAtMs: number } | undefined;
  private reading: Promise<void> | undefined;
  private failedAtMs = -Infinity;

  constructor(
    private readonly issuer: string,
    private readonly fetch: GuardedFetch,
    private readonly pace: IssuerPace = PACE,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Finds the key of a token, by its header alone. Throws {@link IssuerUnavailable} when no keys are known. */
  readonly find = async (header: JWSHeaderParameters, token?: FlattenedJWSInput) => {
    await this.refresh();
    if (this.known === undefined) throw new IssuerUnavailable();
    return this.known.keys(header, token);
  };

  /** The keys as they were read last. */
  get jwks(): JSONWebKeySet | undefined {
    return this.known?.keys.jwks();
  }

  private async refresh(): Promise<void> {
    if (this.known !== undefined && this.now() - this.known.readAtMs < this.pace.refreshMs) return;
    if (this.isResting()) return;
    this.reading ??= this.read().finally(() => (this.reading = undefined));
    await this.reading;
  }

  private isResting(): boolean {
    return this.now() - this.failedAtMs < this.pace.retryMs;
  }

  private async read(): Promise<void> {
    try {
      const keys = createRemoteJWKSet(await this.discover(), {
        [customFetch]: (url, init) => this.fetchKeys(url, init),
        cooldownDuration: this.pace.cooldownMs,
        cacheMaxAge: Infinity,
        timeoutDuration: FETCH_TIMEOUT_MS,
      });
      await keys.reload();
      this.known = { keys, readAtMs: this.now() };
    } catch {
      // Already counted and logged by the outbound client; known keys go on being used.
      this.failedAtMs = this.now();
    }
  }

  private async fetchKeys(url: string, init: RequestInit): Promise<Response> {
    if (this.isResting()) throw new IssuerUnavailable();
    try {
      return await this.fetch(url, init);
    } catch (error) {
      this.failedAtMs = this.now();
      throw error;
    }
  }

  private async discover(): Promise<URL> {
    const address = `${this.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await this.fetch(address, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`The discovery document answers ${response.status}`);
    }
    const { issuer, jwks_uri: jwksUri } = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
    if (issuer !== this.issuer) throw new Error('The discovery document belongs to another issuer');
    const url = new URL(String(jwksUri));
    if (url.protocol !== 'https:') throw new Error('The keys are not behind https');
    return url;
  }
}
