import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import { LocalAccountsConfig } from '../config/local-accounts.config.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { Users } from '../orgs/users.service.js';
import { UsersAccess } from '../orgs/users-access.service.js';
import { Transactions } from '../platform/database/transactions.js';
import { NotAuthenticated } from './domain/auth.errors.js';
import { LocalAccountsOff } from './domain/local-accounts.errors.js';
import { randomPassword } from './domain/local-password.js';
import { LocalPasswords } from './local-passwords.service.js';
import { type SessionCookieValues, Sessions } from './sessions.service.js';

/** Somebody who is signed in and wants another password. */
export interface PasswordChange {
  readonly userId: string;
  /** The session that stays. */
  readonly sessionId: string;
  readonly currentPassword: string;
  readonly newPassword: string;
}

/**
 * Accounts with a password of this registry (REST contract 30.4): signing in with lockout, setting and changing
 * passwords. Everything that is written throws {@link LocalAccountsOff} where they are switched off.
 */
@Injectable()
export class LocalAccounts {
  constructor(
    private readonly users: Users,
    private readonly access: UsersAccess,
    private readonly passwords: LocalPasswords,
    private readonly sessions: Sessions,
    private readonly transactions: Transactions,
    private readonly config: LocalAccountsConfig,
  ) {}

  /**
   * Who signs in with this address and password, and whether the password must be changed first. Every failure is
   * the same {@link NotAuthenticated} after the same work. Throws `HashingBusy` when too many sign in at once.
   */
  async signIn(email: string, password: string): Promise<{ userId: string; mustChange: boolean }> {
    this.requireEnabled();
    const user = await this.users.findByEmail(email);
    const accepted = await this.passwords.accepts(user?.id, password);
    if (user === undefined || accepted === undefined) throw new NotAuthenticated('Invalid credentials');
    return { userId: user.id, mustChange: accepted.mustChange };
  }

  /** Gives a user a password and ends their sessions. Throws `UserNotFound`, `InvalidInput` and `HashingBusy`. */
  async setPassword(
    userId: string,
    password: string,
    { mustChange }: { readonly mustChange: boolean },
  ): Promise<void> {
    await this.replace(userId, password, mustChange, async () => {});
  }

  /**
   * Gives a user a random password that must be changed, ends their sessions, and gives the only copy. By the rules
   * of who may change a user (REST contract 12); throws what they throw.
   */
  async resetPassword(principal: Principal, userId: string): Promise<string> {
    this.requireEnabled();
    await this.access.assertMayChange(principal, userId);
    const password = this.generatePassword();
    // Once more in the transaction: a role may have been given while the hash was made.
    await this.replace(userId, password, true, () => this.access.assertMayChange(principal, userId));
    return password;
  }

  /**
   * Changes the password of somebody who is signed in, ends their other sessions, and gives this one a new secret.
   * Wrong current passwords count like those of a sign-in. Throws `InvalidInput` and `HashingBusy`.
   */
  async changePassword(change: PasswordChange): Promise<SessionCookieValues> {
    this.requireEnabled();
    const { userId, sessionId, currentPassword, newPassword } = change;
    const user = await this.users.get(userId);
    if ((await this.passwords.accepts(userId, currentPassword)) === undefined) {
      throw refused('current_password', 'The current password is not right');
    }
    if (newPassword.normalize('NFC') === currentPassword.normalize('NFC')) {
      throw refused('new_password', 'The new password must differ from the current one');
    }
    const prepared = await this.passwords.prepare(user, newPassword, 'new_password');
    return this.transactions.run(async () => {
      await this.passwords.store(user, prepared, false);
      await this.sessions.endAllOf(userId, { except: sessionId });
      return this.sessions.unlimit(sessionId);
    });
  }

  /** Throws `InvalidInput` for what cannot be a password of somebody with this e-mail address and name. */
  assertAcceptable(password: string, person: { readonly email: string; readonly name: string }): void {
    this.requireEnabled();
    this.passwords.acceptable(password, person, 'password');
  }

  /** Whether this user can sign in with a password; never while local accounts are switched off. */
  async hasPassword(userId: string): Promise<boolean> {
    return this.config.enabled && this.passwords.exists(userId);
  }

  /** Whether anybody can sign in with a password; never while local accounts are switched off. */
  async anyExists(): Promise<boolean> {
    return this.config.enabled && this.passwords.exists();
  }

  /** A random password that the rules accept. */
  generatePassword(): string {
    return randomPassword(this.config.minLength);
  }

  private async replace(
    userId: string,
    password: string,
    mustChange: boolean,
    check: () => Promise<void>,
  ): Promise<void> {
    this.requireEnabled();
    const user = await this.users.get(userId);
    const prepared = await this.passwords.prepare(user, password, 'password');
    await this.transactions.run(async () => {
      await check();
      await this.passwords.store(user, prepared, mustChange);
      await this.sessions.endAllOf(userId);
    });
  }

  private requireEnabled(): void {
    if (!this.config.enabled) throw new LocalAccountsOff();
  }
}

function refused(field: string, sentence: string): InvalidInput {
  return new InvalidInput(sentence, { fields: { [field]: sentence } });
}
