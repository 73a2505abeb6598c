import { Injectable } from '@nestjs/common';
import { IdentitySettings } from '../auth/identity-settings.service.js';
import { LocalAccounts } from '../auth/local-accounts.service.js';
import type { SignInProvider } from './views/sign-in.view.js';

/** How people can sign in here. */
export interface SignInChoices {
  readonly providers: readonly SignInProvider[];
  readonly hasLocalAccounts: boolean;
}

/** The ways to sign in that are set up now. */
@Injectable()
export class SignInOptions {
  constructor(
    private readonly identities: IdentitySettings,
    private readonly accounts: LocalAccounts,
  ) {}

  /** One entry for each identity provider, also when two names lead to it. */
  async list(): Promise<SignInChoices> {
    const providers = new Map<string, SignInProvider>();
    for (const id of ['oidc', 'azuread'] as const) {
      const active = await this.identities.active(id);
      if (active !== undefined && !providers.has(active.id)) {
        providers.set(active.id, { id, name: active.displayName });
      }
    }
    return { providers: [...providers.values()], hasLocalAccounts: await this.accounts.anyExists() };
  }
}
