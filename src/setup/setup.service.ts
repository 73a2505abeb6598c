import { Injectable } from '@nestjs/common';
import {
  type IdentityInput,
  IdentitySettings,
  type ShownConfiguration,
} from '../auth/identity-settings.service.js';
import { StorageProbe } from '../storage/storage-probe.service.js';
import { type AppointedAdministrator, SetupAdministrator } from './setup-administrator.service.js';
import type { SetupStatus } from './domain/setup-state.js';
import { SetupCompleted, SetupIncomplete } from './domain/setup.errors.js';
import { SetupStateRepository } from './persistence/setup-state.repository.js';
import { SetupSteps } from './setup-steps.service.js';
import { SetupTokens } from './setup-token.service.js';

/**
 * The first-run setup (REST contract 11): a sign-in provider or a local administrator, an administrator, and a
 * storage backend that works. Every step may be repeated until one call completes the setup for good.
 */
@Injectable()
export class Setup {
  constructor(
    private readonly states: SetupStateRepository,
    private readonly administrator: SetupAdministrator,
    private readonly identities: IdentitySettings,
    private readonly storage: StorageProbe,
    private readonly steps: SetupSteps,
    private readonly tokens: SetupTokens,
  ) {}

  /** Whether the setup is over; asks nothing but its own state. */
  async isCompleted(): Promise<boolean> {
    return (await this.states.get()).completedAt !== null;
  }

  /** How far the setup is, for everybody to see. */
  async status(): Promise<SetupStatus> {
    const { completedAt, storageConfiguredAt } = await this.states.get();
    const isCompleted = completedAt !== null;
    return {
      isCompleted,
      // Nobody may make the server work on its storage by asking for the status for ever.
      hasStorage: isCompleted || (await this.storage.works()),
      hasSignIn: await this.identities.isAnyConfigured(),
      hasAdministrator: await this.administrator.exists(),
      storageConfiguredAt,
    };
  }

  /** Whether the provider answers as an issuer should; its issuer when it does. */
  testSignIn(input: IdentityInput): Promise<{ success: boolean; message: string; issuer?: string }> {
    return this.identities.test(input);
  }

  /** Stores and activates an identity provider. Throws `InvalidInput`, {@link SetupCompleted}. */
  async configureSignIn(input: IdentityInput): Promise<ShownConfiguration> {
    await this.steps.run('oidc', () => this.identities.store(input));
    return (await this.identities.shown())!;
  }

  /**
   * Names the administrator, with a password as a local account; a repeated call with another address replaces
   * the one before. Throws `InvalidInput`, `AdminEmailInvalid`, {@link SetupCompleted}.
   */
  appointAdministrator(email: string, name?: string, password?: string): Promise<AppointedAdministrator> {
    return this.administrator.appoint(email, name, password, (change) => this.steps.run('admin', change));
  }

  /**
   * Ends the setup. Of several calls at once one succeeds, the others throw {@link SetupCompleted}. Throws
   * {@link SetupIncomplete} with what is missing.
   */
  async complete(): Promise<void> {
    const missing = await this.missing();
    if (missing.length > 0) throw new SetupIncomplete(missing);
    await this.steps.run('complete', async () => {
      if (!(await this.states.complete())) throw new SetupCompleted();
    });
    await this.tokens.forget();
  }

  /** What the setup still needs, in the words of the contract. */
  async missing(): Promise<string[]> {
    const hasAdministrator = await this.administrator.exists();
    const canSignIn =
      (await this.identities.isAnyConfigured()) ||
      (hasAdministrator && (await this.administrator.canSignInLocally()));
    return [
      ...(canSignIn ? [] : ['OIDC provider']),
      ...((await this.storage.works()) ? [] : ['storage backend']),
      ...(hasAdministrator ? [] : ['admin user']),
    ];
  }
}
