import { Injectable, Logger } from '@nestjs/common';
import { LocalAccountsConfig } from '../config/local-accounts.config.js';
import type { User } from '../orgs/domain/user.js';
import { UsersRecord } from '../orgs/users-record.service.js';
import { PasswordHash } from '../platform/crypto/password-hash.js';
import { HashingBusy } from '../platform/crypto/password-hash.errors.js';
import { Transactions } from '../platform/database/transactions.js';
import { newPassword, typedPassword } from './domain/local-password.js';
import { LocalCredentialsRepository } from './persistence/local-credentials.repository.js';

/** Belongs to nobody: what is done for a known address is done for an unknown one with it. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/**
 * Stored passwords, and guesses at them. A guess is decided when its hash is ready: in the order of these
 * moments, whatever process they happen in, the failures are counted and the account locks.
 */
@Injectable()
export class LocalPasswords {
  private readonly logger = new Logger('LocalPasswords');

  constructor(
    private readonly credentials: LocalCredentialsRepository,
    private readonly hash: PasswordHash,
    private readonly transactions: Transactions,
    private readonly record: UsersRecord,
    private readonly config: LocalAccountsConfig,
  ) {}

  /** Whether this user has a password; without an id whether anybody who may sign in has one. */
  exists(userId?: string): Promise<boolean> {
    return this.credentials.exists(userId);
  }

  /**
   * What to store for a new password of `user`; slow, so before the transaction. `field` is the input field that
   * messages are about. Throws `InvalidInput` and `HashingBusy`.
   */
  async prepare(user: User, password: string, field: string): Promise<string> {
    return this.hash.create(this.acceptable(password, user, field));
  }

  /** A new password in the form that is hashed. Throws `InvalidInput`. */
  acceptable(password: string, { email, name }: Pick<User, 'email' | 'name'>, field: string): string {
    return newPassword(password, { minLength: this.config.minLength, email, name, field });
  }

  /** Stores what `prepare` gave, inside a transaction. The account opens, if it was locked. */
  async store(user: User, prepared: string, mustChange: boolean): Promise<void> {
    await this.credentials.put(user.id, prepared, mustChange);
    await this.record.changed(user, {
      after: { local_account: 'password set', must_change_password: mustChange },
    });
  }

  /**
   * Whether somebody may sign in with this password now; `undefined` when not. The same work is done, whether there
   * is such a user, a password, a lock or nothing at all. Throws `HashingBusy`.
   */
  async accepts(userId: string | undefined, text: string): Promise<{ mustChange: boolean } | undefined> {
    const id = userId ?? NOBODY;
    const stored = await this.credentials.hashOf(id);
    const password = typedPassword(text);
    const known = password === undefined ? undefined : stored;
    const { isRight, isOutdated } = await this.hash.check(password ?? '', known);
    const mustChange = await this.transactions.run(async () => {
      await this.credentials.commitInBackground();
      if (isRight) return this.credentials.accept(id, known!);
      await this.reject(id);
      return undefined;
    });
    if (mustChange === undefined) return undefined;
    if (isOutdated) await this.renew(id, known!, password!);
    return { mustChange };
  }

  private async reject(userId: string): Promise<void> {
    const { maxFailures, lockoutMs } = this.config;
    if (!(await this.credentials.reject(userId, maxFailures, lockoutMs))) return;
    this.logger.warn(`The account of user ${userId} is locked after ${maxFailures} wrong passwords`);
    await this.record.changed({ id: userId }, { after: { is_locked: true } });
  }

  /** The password is right whatever happens here: next time is as good. */
  private async renew(userId: string, from: string, password: string): Promise<void> {
    try {
      await this.credentials.replaceHash(userId, from, await this.hash.create(password));
    } catch (error) {
      if (!(error instanceof HashingBusy)) throw error;
    }
  }
}
