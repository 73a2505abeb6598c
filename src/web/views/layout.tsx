import type { ComponentChildren, VNode } from 'preact';
import { Link } from '../components/link.js';

/** What every page needs to know. */
export interface PageFrame {
  /** Address of the style sheet. */
  readonly styleSheet: string;
  /** The name of who is signed in, for the head of the page. */
  readonly signedInAs?: string | undefined;
  /** Whether the other pages of this server are there to be linked. */
  readonly hasPages: boolean;
}

/**
 * The frame of every page. The meta element for the referrer lets browsers send `Origin` with forms, which they do not
 * under the policy of the header; to other sites it stays as quiet.
 */
export function Layout(props: { frame: PageFrame; title: string; children: ComponentChildren }): VNode {
  const { frame, title, children } = props;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="same-origin" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · Terraform registry`}</title>
        <link rel="stylesheet" href={frame.styleSheet} />
        <link rel="icon" href="data:," />
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <header class="head">
          {frame.hasPages ? (
            <Link href="/" class="name">
              Terraform registry
            </Link>
          ) : (
            <span class="name">Terraform registry</span>
          )}
          {frame.hasPages && <Link href="/search">Browse</Link>}
          {frame.hasPages && <SignedIn frame={frame} />}
        </header>
        <main id="main" tabIndex={-1}>
          <h1>{title}</h1>
          {children}
        </main>
      </body>
    </html>
  );
}

function SignedIn({ frame: { signedInAs } }: { frame: PageFrame }): VNode | null {
  if (signedInAs === undefined) return null;
  return (
    <nav aria-label="Account">
      <Link href="/account">{signedInAs}</Link>
      <Link href="/api/v1/auth/logout">Sign out</Link>
    </nav>
  );
}
