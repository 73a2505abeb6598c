import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';

/** The HTML text of a whole page. Text and attributes are escaped. */
export function renderPage(page: VNode): string {
  return `<!doctype html>${renderToString(page)}\n`;
}
