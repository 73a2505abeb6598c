import type { VNode } from 'preact';
import { Link } from '../components/link.js';
import { Layout, type PageFrame } from './layout.js';

/** What a page with a message shows. */
export interface MessageFacts {
  readonly title: string;
  readonly sentences: readonly string[];
  /** Named in the log, for those who help. */
  readonly requestId?: string | undefined;
  readonly link?: { readonly href: string; readonly text: string } | undefined;
}

/** A page that says one thing: an error, or how something ended. */
export function MessageView({ frame, facts }: { frame: PageFrame; facts: MessageFacts }): VNode {
  const { title, sentences, requestId, link } = facts;
  return (
    <Layout frame={frame} title={title}>
      {sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {link !== undefined && (
        <p>
          <Link href={link.href}>{link.text}</Link>
        </p>
      )}
      {requestId !== undefined && <p class="hint">{`Request id: ${requestId}`}</p>}
    </Layout>
  );
}
