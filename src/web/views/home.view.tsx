import type { VNode } from 'preact';
import { Link } from '../components/link.js';
import { SearchForm } from '../components/search-form.js';
import { Layout, type PageFrame } from './layout.js';

/** What the first page shows. */
export interface HomeFacts {
  /** How source addresses name this registry. */
  readonly host: string;
  readonly user: { readonly name: string; readonly email: string } | undefined;
  readonly isLoginOffered: boolean;
  readonly hasApiDocs: boolean;
}

/** Who somebody is here, and how the registry is used. */
export function HomeView({ frame, facts }: { frame: PageFrame; facts: HomeFacts }): VNode {
  const { host, user, isLoginOffered, hasApiDocs } = facts;
  return (
    <Layout frame={frame} title="Terraform registry">
      {user === undefined ? (
        <p>
          You are not signed in. <Link href="/sign-in">Sign in</Link>
        </p>
      ) : (
        <p>
          {`You are signed in as ${user.name} (${user.email}). `}
          <Link href="/account">Sessions and tokens</Link>
        </p>
      )}
      <SearchForm />
      <section aria-labelledby="use">
        <h2 id="use">How to use it</h2>
        {isLoginOffered && (
          <>
            <p>Give your command line a token, once for every computer:</p>
            <pre>
              <code>{`terraform login ${host}`}</code>
            </pre>
          </>
        )}
        <p>Then name this registry in the source of a module or provider:</p>
        <pre>
          <code>{sample(host)}</code>
        </pre>
      </section>
      {hasApiDocs && (
        <p>
          <Link href="/api-docs/">Description of the interface</Link>
        </p>
      )}
    </Layout>
  );
}

function sample(host: string): string {
  return `module "network" {
  source  = "${host}/NAMESPACE/NAME/SYSTEM"
  version = "1.0.0"
}`;
}
