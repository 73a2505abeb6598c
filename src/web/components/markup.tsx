import type { VNode } from 'preact';

/**
 * HTML that `platform/markdown` made: the only place of the pages where text is not escaped. Nothing else may be
 * handed to it.
 */
export function Markup({ html }: { html: string }): VNode {
  return <div class="markup" dangerouslySetInnerHTML={{ __html: html }} />;
}
