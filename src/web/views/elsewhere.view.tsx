import type { VNode } from 'preact';
import { Link } from '../components/link.js';
import { Layout, type PageFrame } from './layout.js';
import { Providers, type SignInProvider } from './sign-in.view.js';

/** What somebody is told who has to sign in where another web client has the pages. */
export interface ElsewhereFacts {
  readonly providers: readonly SignInProvider[];
  /** The address of this very page. */
  readonly here: string;
}

/** The way to the sign-in of another web client, and back. */
export function ElsewhereView({ frame, facts }: { frame: PageFrame; facts: ElsewhereFacts }): VNode {
  const { providers, here } = facts;
  return (
    <Layout frame={frame} title="Sign in first">
      <p>
        Nobody is signed in with this browser. Sign in to the registry in another window, then come back and{' '}
        <Link href={here}>try again</Link>.
      </p>
      <Providers providers={providers} returnTo={here} />
      <p>
        <Link href="/">To the registry</Link>
      </p>
    </Layout>
  );
}
