import type { VNode } from 'preact';
import { Link } from '../components/link.js';
import { Notice } from '../components/notice.js';
import { PostForm } from '../components/post-form.js';
import { TextField } from '../components/text-field.js';
import { Layout, type PageFrame } from './layout.js';

/** An identity provider that somebody may sign in with. */
export interface SignInProvider {
  readonly id: string;
  readonly name: string;
}

/** What the sign-in page shows. */
export interface SignInFacts {
  readonly providers: readonly SignInProvider[];
  readonly hasLocalAccounts: boolean;
  /** Where to go on to; checked. */
  readonly returnTo: string | undefined;
  /** What went wrong before, in one text for every reason. */
  readonly problem?: string | undefined;
}

/** Signing in with an identity provider, or with an account of this registry. */
export function SignInView({ frame, facts }: { frame: PageFrame; facts: SignInFacts }): VNode {
  const { providers, hasLocalAccounts, returnTo, problem } = facts;
  const hasNothing = providers.length === 0 && !hasLocalAccounts;
  return (
    <Layout frame={frame} title="Sign in">
      {problem !== undefined && <Notice isProblem>{problem}</Notice>}
      {hasNothing && <p>Nobody can sign in to this registry yet. Its operator has to set that up first.</p>}
      {providers.length > 0 && <Providers providers={providers} returnTo={returnTo} />}
      {hasLocalAccounts && (
        <section aria-labelledby="local">
          <h2 id="local">With an account of this registry</h2>
          <PostForm action="/sign-in" hidden={{ return_to: returnTo }} class="stack">
            <TextField name="email" label="E-mail address" type="email" autoComplete="username" />
            <TextField name="password" label="Password" type="password" autoComplete="current-password" />
            <button type="submit">Sign in</button>
          </PostForm>
        </section>
      )}
    </Layout>
  );
}

/** Links that begin a sign-in with each provider. */
export function Providers(props: {
  providers: readonly SignInProvider[];
  returnTo?: string | undefined;
}): VNode {
  return (
    <ul class="providers">
      {props.providers.map(({ id, name }) => (
        <li key={id}>
          <Link href={providerPath(id, props.returnTo)} class="button">
            {`Sign in with ${name}`}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function providerPath(provider: string, returnTo: string | undefined): string {
  const query = new URLSearchParams({ provider, ...(returnTo !== undefined && { return_to: returnTo }) });
  return `/api/v1/auth/login?${query.toString()}`;
}
