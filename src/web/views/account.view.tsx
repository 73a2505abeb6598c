import type { VNode } from 'preact';
import { Link } from '../components/link.js';
import { Moment } from '../components/moment.js';
import { PostForm } from '../components/post-form.js';
import { Layout, type PageFrame } from './layout.js';

/** A browser in which somebody is signed in. */
export interface ShownSession {
  readonly id: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly isCurrent: boolean;
}

/** A token that acts in somebody's name. */
export interface ShownKey {
  readonly id: string;
  readonly name: string;
  readonly keyPrefix: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
}

/** What the account page shows. */
export interface AccountFacts {
  readonly csrfToken: string;
  readonly user: { readonly name: string; readonly email: string };
  readonly sessions: readonly ShownSession[];
  readonly keys: readonly ShownKey[];
  readonly hasPassword: boolean;
}

/** Somebody's own sessions and tokens, each with a button that ends it. */
export function AccountView({ frame, facts }: { frame: PageFrame; facts: AccountFacts }): VNode {
  const { csrfToken, user, sessions, keys, hasPassword } = facts;
  return (
    <Layout frame={frame} title="Your account">
      <p>{`${user.name} (${user.email})`}</p>
      {hasPassword && (
        <p>
          <Link href="/change-password">Change your password</Link>
        </p>
      )}
      <section aria-labelledby="tokens">
        <h2 id="tokens">Tokens</h2>
        {keys.length === 0 && <p>You have no tokens.</p>}
        <ul class="cards">
          {keys.map((key) => (
            <KeyCard key={key.id} shown={key} csrfToken={csrfToken} />
          ))}
        </ul>
      </section>
      <section aria-labelledby="sessions">
        <h2 id="sessions">Signed in with</h2>
        <ul class="cards">
          {sessions.map((session) => (
            <SessionCard key={session.id} shown={session} csrfToken={csrfToken} />
          ))}
        </ul>
        <PostForm action="/account/sign-out-everywhere" csrfToken={csrfToken}>
          <button type="submit" class="second">
            Sign out everywhere
          </button>
        </PostForm>
      </section>
    </Layout>
  );
}

function KeyCard({ shown, csrfToken }: { shown: ShownKey; csrfToken: string }): VNode {
  const { id, name, keyPrefix, scopes, createdAt, expiresAt, lastUsedAt } = shown;
  return (
    <li>
      <h3 id={`key-${id}`}>{name}</h3>
      <p>
        <code>{`${keyPrefix}…`}</code> {scopes.join(', ')}
      </p>
      <p class="hint">
        Made <Moment at={createdAt} />
        {expiresAt === null ? (
          ', does not end'
        ) : (
          <span>
            {', ends '}
            <Moment at={expiresAt} />
          </span>
        )}
        {lastUsedAt === null ? (
          ', not used yet'
        ) : (
          <span>
            {', last used '}
            <Moment at={lastUsedAt} />
          </span>
        )}
      </p>
      <PostForm action={`/account/keys/${id}/revoke`} csrfToken={csrfToken}>
        <button type="submit" class="second" aria-describedby={`key-${id}`}>
          Revoke
        </button>
      </PostForm>
    </li>
  );
}

function SessionCard({ shown, csrfToken }: { shown: ShownSession; csrfToken: string }): VNode {
  const { id, createdAt, lastUsedAt, ipAddress, userAgent, isCurrent } = shown;
  return (
    <li>
      <h3 id={`session-${id}`}>{isCurrent ? 'This browser' : (userAgent ?? 'Unknown browser')}</h3>
      <p class="hint">
        Since <Moment at={createdAt} />, last used <Moment at={lastUsedAt} />
        {ipAddress === null ? '' : `, from ${ipAddress}`}
      </p>
      {!isCurrent && (
        <PostForm action={`/account/sessions/${id}/end`} csrfToken={csrfToken}>
          <button type="submit" class="second" aria-describedby={`session-${id}`}>
            Sign out there
          </button>
        </PostForm>
      )}
    </li>
  );
}
