import type { ProviderType } from './domain/sign-in-provider.js';
import type { IdentityProvider } from './ports/identity-provider.js';

/** Which adapter speaks to which type of provider; wired in the module. */
export class IdentityProviders {
  constructor(private readonly adapters: Readonly<Record<ProviderType, IdentityProvider>>) {}

  /** The adapter for a configuration of this type. */
  for(type: ProviderType): IdentityProvider {
    return this.adapters[type];
  }
}
