import type { VNode } from 'preact';
import type { PageFrame } from '../views/layout.js';
import { MessageView } from '../views/message.view.js';

/** What is known of an error. */
export interface PageError {
  readonly status: number;
  /** One sentence for humans, safe to show. */
  readonly sentence: string;
  readonly requestId: string;
}

const TITLES: Readonly<Record<number, string>> = {
  401: 'Sign in first',
  403: 'Not allowed',
  404: 'Not found',
  429: 'Too many requests',
  503: 'Not available',
};

/** The page for an error. */
export function errorPage(frame: PageFrame, { status, sentence, requestId }: PageError): VNode {
  const title = TITLES[status] ?? (status < 500 ? 'This cannot be done' : 'Something went wrong');
  return MessageView({ frame, facts: { title, sentences: [sentence], requestId } });
}
