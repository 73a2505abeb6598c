import { Injectable } from '@nestjs/common';
import type { AuditRecord } from '../audit/domain/audit-record.js';
import { Transactions } from '../platform/database/transactions.js';
import { emailAddress } from './domain/email-address.js';
import { personNameOr } from './domain/person-name.js';
import type { User } from './domain/user.js';
import { UserCreationRefused, UserNotFound } from './domain/users.errors.js';
import { type UserInsert, UsersRepository } from './persistence/users.repository.js';
import { UsersRecord } from './users-record.service.js';

/** Who an identity provider says that somebody is. */
export interface IdentityClaim {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string;
  /** What the provider says about the address; `undefined` when it says nothing. */
  readonly isEmailVerified: boolean | undefined;
  /** Whether the configuration trusts the domain of the address. */
  readonly isEmailTrusted: boolean;
  readonly name?: string | null | undefined;
}

const MOST_ATTEMPTS = 3;

/** The people of the registry, and who of them signs in (REST contract 9.2, "User matching"). */
@Injectable()
export class Users {
  constructor(
    private readonly users: UsersRepository,
    private readonly transactions: Transactions,
    private readonly record: UsersRecord,
  ) {}

  /** The user with this id. Throws {@link UserNotFound}. */
  async get(id: string): Promise<User> {
    const user = await this.users.findById(id);
    if (user === null) throw new UserNotFound();
    return user;
  }

  /** The user with this address, in any case; `undefined` also for what is no address. */
  async findByEmail(email: string): Promise<User | undefined> {
    return (await this.users.findByEmail(addressOr(email, ''))) ?? undefined;
  }

  /** The user with this address, made when there is none. An existing one keeps its name. Throws `InvalidInput`. */
  ensure({ email: text, name }: { email: string; name?: string | undefined }): Promise<User> {
    const email = emailAddress(text);
    return this.transactions.run(async () => {
      const existing = await this.users.findByEmail(email);
      return existing ?? (await this.add({ email, name: personNameOr(name, email) })) ?? this.known(email);
    });
  }

  /**
   * The user who signs in: by issuer and subject; by a subject that was set in advance; by e-mail when the address
   * is verified or trusted, or once when it is that of the setup administrator, and the user has no subject yet;
   * else a new one. Disabled users are found too: whoever starts a session refuses them. Throws
   * {@link UserCreationRefused} when the address belongs to somebody else, or may.
   */
  async provision(claim: IdentityClaim): Promise<User> {
    if (claim.issuer === '' || claim.subject === '') throw new UserCreationRefused();
    const email = addressOr(claim.email, undefined);
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const user = await this.transactions.run(() => this.match(claim, email));
      if (user !== undefined) return user;
    }
    throw new UserCreationRefused();
  }

  /**
   * The user who is to administer the registry, made when there is none: may sign in by e-mail once although the
   * provider does not say that the address is verified. One that an earlier call made, and who has not signed in,
   * is removed again. Throws `InvalidInput`.
   */
  rememberSetupAdministrator(text: string, name?: string): Promise<User> {
    const email = emailAddress(text);
    return this.transactions.run(async () => {
      for (const earlier of await this.users.findSetupAdministrators()) {
        if (earlier.email === email) continue;
        if (earlier.setupAdministrator === 'created') await this.remove(earlier);
        else await this.users.update(earlier.id, { setupAdministrator: null });
      }
      const existing = await this.users.findByEmail(email);
      if (existing === null) {
        const shown = personNameOr(name, email);
        return (await this.add({ email, name: shown, setupAdministrator: 'created' })) ?? this.known(email);
      }
      if (existing.oidcSub === null && existing.setupAdministrator === null) {
        await this.users.update(existing.id, { setupAdministrator: 'found' });
      }
      return existing;
    });
  }

  /** One attempt; `undefined` when another sign-in was faster and it is worth looking again. */
  private async match(claim: IdentityClaim, email: string | undefined): Promise<User | undefined> {
    const { issuer, subject } = claim;
    const known = await this.users.findBySubject(issuer, subject);
    if (known !== null) return known;
    const assigned = await this.users.findBySubject(null, subject);
    if (assigned !== null) return this.bind(assigned, claim);
    if (email === undefined) throw new UserCreationRefused();
    const owner = await this.users.findByEmail(email);
    if (owner === null) {
      const name = personNameOr(claim.name, email);
      return this.add({ email, name, oidcIssuer: issuer, oidcSub: subject });
    }
    if (owner.oidcSub !== null) {
      const isSame = owner.oidcSub === subject && owner.oidcIssuer === issuer;
      if (isSame) return owner;
      throw new UserCreationRefused();
    }
    const isFirstOfSetup = owner.setupAdministrator !== null && claim.isEmailVerified === undefined;
    if (claim.isEmailVerified !== true && !claim.isEmailTrusted && !isFirstOfSetup) {
      throw new UserCreationRefused();
    }
    return this.bind(owner, claim);
  }

  private async bind(user: User, { issuer, subject }: IdentityClaim): Promise<User | undefined> {
    if (!(await this.users.bindIdentity(user.id, issuer, subject))) return undefined;
    await this.record.changed(user, {
      after: { oidc_issuer: issuer, oidc_sub: subject },
      actor: actorOf(user),
    });
    return { ...user, oidcIssuer: issuer, oidcSub: subject };
  }

  /** Stores a user; `undefined` when somebody else just took the address or the subject. */
  private async add(user: UserInsert): Promise<User | undefined> {
    const added = await this.users.addIfAbsent(user);
    if (added === null) return undefined;
    const { email, name, oidcIssuer, oidcSub } = added;
    const after = { email, name, oidc_issuer: oidcIssuer, oidc_sub: oidcSub };
    // Somebody with a subject signs in for the first time: that is who made the row.
    await this.record.changed(added, { after, ...(oidcSub !== null && { actor: actorOf(added) }) });
    return added;
  }

  private async known(email: string): Promise<User> {
    const user = await this.users.findByEmail(email);
    if (user === null) throw new UserNotFound();
    return user;
  }

  private async remove(user: User): Promise<void> {
    await this.record.changed(user, { before: { email: user.email, name: user.name } });
    await this.users.delete(user.id);
  }
}

function actorOf({ id: userId, name, email }: User): AuditRecord['actor'] {
  return { userId, name, email };
}

function addressOr<T>(text: string, otherwise: T): string | T {
  try {
    return emailAddress(text);
  } catch {
    return otherwise;
  }
}
