import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import type { ProviderId } from './domain/sign-in-provider.js';
import { IdentitySettings } from './identity-settings.service.js';

/** A way to sign in, as a sign-in page lists it. */
export interface SignInOffer {
  readonly id: ProviderId | 'local';
  readonly displayName: string;
}

/** The ways to sign in that are open now, and where a browser goes afterwards. */
@Injectable()
export class OidcOffers {
  constructor(
    private readonly settings: IdentitySettings,
    private readonly config: AppConfig,
  ) {}

  /** The providers in use, each once, then local accounts. */
  async list(): Promise<SignInOffer[]> {
    const oidc = await this.settings.active('oidc');
    const azureAd = await this.settings.active('azuread');
    return [
      ...(oidc !== undefined && oidc.id !== azureAd?.id
        ? [{ id: 'oidc' as const, displayName: oidc.displayName }]
        : []),
      ...(azureAd === undefined ? [] : [{ id: 'azuread' as const, displayName: azureAd.displayName }]),
      ...(this.config.localAccounts.enabled ? [{ id: 'local' as const, displayName: 'Local account' }] : []),
    ];
  }

  /** Whether anybody may read without a credential. */
  get isReadOpen(): boolean {
    return this.config.auth.anonymousRead;
  }

  /** Whether the development sign-in is there. */
  get isDevelopment(): boolean {
    return this.config.secrets.devMode;
  }
}
