import { Injectable } from '@nestjs/common';
import { LoginConfig } from '../config/login.config.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { LoginNotOffered } from './domain/terraform-login.errors.js';
import { IdentitySettings } from './identity-settings.service.js';
import { LocalAccounts } from './local-accounts.service.js';

const FRESH_MS = 5_000;
const PATIENCE_MS = 250;

/**
 * Whether `terraform login` is offered: as configured, else while somebody could sign in. The answer is known at
 * any time; it is read again when it is older than five seconds or something about it changed, and nobody waits
 * long for that, because discovery must not depend on the database.
 */
@Injectable()
export class TerraformLoginOffer {
  private isOffered = false;
  private readAtMs = Number.NEGATIVE_INFINITY;
  /** How often something about it changed, so that a reading which began before a change does not count. */
  private changeCount = 0;
  private reading: Promise<void> | undefined;

  constructor(
    private readonly config: LoginConfig,
    private readonly identities: IdentitySettings,
    private readonly accounts: LocalAccounts,
    changes: CacheInvalidation,
  ) {
    for (const topic of ['settings', 'identity'] as const) {
      changes.onChange(topic, () => this.forget());
    }
  }

  /** Whether it is offered, as far as it is known within a quarter of a second. Never throws. */
  async isOpen(): Promise<boolean> {
    if (this.config.enabled !== undefined) return this.config.enabled;
    if (performance.now() - this.readAtMs >= FRESH_MS) {
      this.reading ??= this.read().finally(() => (this.reading = undefined));
      await Promise.race([this.reading, patience()]);
    }
    return this.isOffered;
  }

  /** Throws {@link LoginNotOffered} where it is not offered. */
  async require(): Promise<void> {
    if (!(await this.isOpen())) throw new LoginNotOffered();
  }

  private forget(): void {
    this.changeCount += 1;
    this.readAtMs = Number.NEGATIVE_INFINITY;
  }

  private async read(): Promise<void> {
    const { changeCount } = this;
    const startedAtMs = performance.now();
    try {
      this.isOffered = (await this.accounts.anyExists()) || (await this.identities.isAnyConfigured());
    } catch {
      // What was known stays; it is read again in five seconds.
    }
    if (changeCount === this.changeCount) this.readAtMs = startedAtMs;
  }
}

function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE_MS).unref());
}
