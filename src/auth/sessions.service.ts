import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import type { CachedValue } from '../platform/cache/memory-cache.js';
import type { SealedColumn } from '../platform/crypto/sealed-columns.service.js';
import { SecretBox } from '../platform/crypto/secret-box.js';
import { Transactions } from '../platform/database/transactions.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import { SessionNotFound } from './domain/session.errors.js';
import type { ListedSession, ProviderLogout, Session, SessionMethod } from './domain/session.js';
import { SessionSecret } from './domain/session-secret.js';
import { SessionsRepository } from './persistence/sessions.repository.js';
import { SESSION_ID_TOKENS } from './session-id-tokens.js';
import { SESSION_REFRESH_TOKENS } from './session-refresh-tokens.js';
import { SessionLookup } from './session-lookup.service.js';
import { SessionRecords } from './session-records.service.js';

/** How long a handle stays good after it was replaced, in milliseconds (REST contract 9.2). */
const HANDLE_GRACE_MS = 60_000;
const USER_AGENT_LENGTH = 512;

/** Somebody who has just proved who they are. */
export interface NewSessionInput {
  readonly userId: string;
  readonly method: SessionMethod;
  /** The configuration of the identity provider, and the identity token it issued, for signing out there. */
  readonly identityId?: string | null;
  readonly idToken?: string | undefined;
  /** With what the provider can be asked for the groups again. */
  readonly refreshToken?: string | undefined;
  /** The session at the provider (`sid` of its identity token). */
  readonly sid?: string | undefined;
  /** The session cookie that came with the sign-in; its session ends, so that none is forgotten in a browser. */
  readonly replaces?: string | undefined;
  /** A path of this site to go on to, kept here so that nobody else can choose it. */
  readonly returnTo?: string | undefined;
  /** The account has to change its password before anything else. */
  readonly isLimited?: boolean;
}

/** What the cookies of a session are made of; the only copy of the secret. */
export interface SessionCookieValues {
  readonly secret: string;
  readonly csrfToken: string;
  readonly expiresAt: Date;
}

/** A session that has just begun. */
export interface StartedSession extends SessionCookieValues {
  readonly id: string;
  readonly handle: string;
}

/**
 * Browser sessions (REST contract 9.1): beginning, finding, renewing, ending. The secret is in the cookie of the
 * browser only; the database holds digests. A session that ended has no row, and is refused within a second in
 * every process.
 */
@Injectable()
export class Sessions {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly lookup: SessionLookup,
    private readonly box: SecretBox,
    private readonly transactions: Transactions,
    private readonly changes: CacheInvalidation,
    private readonly records: SessionRecords,
  ) {}

  /** Begins a session, with address and browser of the present request. Always a new secret (threat B6). */
  async start(input: NewSessionInput): Promise<StartedSession> {
    const id = randomUUID();
    const secret = SessionSecret.generate();
    const handle = SessionSecret.newHandle();
    const { idToken, refreshToken, userId, method } = input;
    const request = RequestContext.current();
    const replaced = input.replaces === undefined ? undefined : await this.findBySecret(input.replaces);
    const expiresAt = await this.transactions.run(async () => {
      if (replaced !== undefined) await this.end(replaced.id);
      await this.records.started(id, userId, method);
      return this.sessions.add({
        id,
        userId,
        method,
        secretDigest: secret.digest,
        handleDigest: SessionSecret.digestOf(handle),
        isLimited: input.isLimited ?? false,
        identityId: input.identityId ?? null,
        idToken: this.sealed(idToken, SESSION_ID_TOKENS, id),
        refreshToken: this.sealed(refreshToken, SESSION_REFRESH_TOKENS, id),
        sid: input.sid ?? null,
        returnTo: input.returnTo ?? null,
        ipAddress: request?.clientIp ?? null,
        userAgent: request?.userAgent?.slice(0, USER_AGENT_LENGTH) ?? null,
      });
    });
    return { id, secret: secret.text, handle, csrfToken: secret.csrfToken, expiresAt };
  }

  /** The live session with this secret (the value of the cookie); `undefined` for anything else. */
  async findBySecret(secret: string): Promise<Session | undefined> {
    const parsed = SessionSecret.tryParse(secret);
    return parsed && this.lookup.bySecret(parsed);
  }

  /** The live session with this id and when it was read. */
  findById(id: string): Promise<CachedValue<Session | undefined>> {
    return this.lookup.byId(id);
  }

  /** The live sessions of a user, the latest first. */
  listOf(userId: string): Promise<ListedSession[]> {
    return this.sessions.listOf(userId);
  }

  /**
   * Gives a session a whole life and a new handle; the old handle stays good for a minute. Throws
   * {@link SessionNotFound}.
   */
  async renew(id: string): Promise<{ readonly handle: string; readonly expiresAt: Date }> {
    const handle = SessionSecret.newHandle();
    const expiresAt = await this.transactions.run(async () => {
      this.changes.announce('identity');
      return this.sessions.renew(id, SessionSecret.digestOf(handle), HANDLE_GRACE_MS);
    });
    if (expiresAt === undefined) throw new SessionNotFound();
    return { handle, expiresAt };
  }

  /**
   * Gives a session another secret and lifts its limit: the account changed its password. Handles stay good. Set the
   * cookies from what it returns. Throws {@link SessionNotFound}.
   */
  async unlimit(id: string): Promise<SessionCookieValues> {
    const secret = SessionSecret.generate();
    const expiresAt = await this.transactions.run(async () => {
      this.changes.announce('identity');
      return this.sessions.replaceSecret(id, secret.digest);
    });
    if (expiresAt === undefined) throw new SessionNotFound();
    return { secret: secret.text, csrfToken: secret.csrfToken, expiresAt };
  }

  /** The path to go on to after sign-in, once. */
  takeReturnTo(id: string): Promise<string | undefined> {
    return this.sessions.takeReturnTo(id);
  }

  /** The identity token that the provider issued for this session. Throws `SecretUnreadable`. */
  async idTokenOf(id: string): Promise<string | undefined> {
    const sealed = await this.sessions.idTokenOf(id);
    return sealed === null ? undefined : this.box.open(sealed, SESSION_ID_TOKENS.aadOf(id)).toString();
  }

  /** Ends a session; `false` when it has ended already. */
  end(id: string): Promise<boolean> {
    return this.transactions.run(async () => {
      const userId = await this.sessions.remove(id);
      if (userId === undefined) return false;
      this.changes.announce('identity');
      await this.records.ended(id, userId);
      return true;
    });
  }

  /** Ends a session of this user. Throws {@link SessionNotFound} also for a session of somebody else. */
  async endOwn(userId: string, id: string): Promise<void> {
    const own = await this.sessions.listOf(userId);
    const isOwn = own.some((session) => session.id === id.toLowerCase());
    if (!isOwn || !(await this.end(id))) throw new SessionNotFound();
  }

  /** Ends all sessions of a user, or all but one, with the access tokens that belong to them; gives how many. */
  endAllOf(userId: string, { except }: { readonly except?: string | undefined } = {}): Promise<number> {
    return this.transactions.run(async () => {
      const ended = await this.sessions.removeOf(userId, except ?? null);
      if (ended === 0) return 0;
      this.changes.announce('identity');
      await this.records.endedSeveral(userId, ended);
      return ended;
    });
  }

  /** Ends the sessions that an identity provider ended there; gives how many. */
  endAtProvider(logout: ProviderLogout): Promise<number> {
    return this.transactions.run(async () => {
      const ended = await this.sessions.removeAtProvider(logout);
      if (ended.length === 0) return 0;
      this.changes.announce('identity');
      for (const userId of new Set(ended)) {
        await this.records.endedSeveral(userId, ended.filter((one) => one === userId).length);
      }
      return ended.length;
    });
  }

  /** Removes what ended by itself; gives how many there were. */
  purge(): Promise<number> {
    return this.sessions.removeEnded();
  }

  private sealed(token: string | undefined, { aadOf }: SealedColumn, id: string): Buffer | null {
    return token === undefined ? null : this.box.seal(Buffer.from(token), aadOf(id));
  }
}
