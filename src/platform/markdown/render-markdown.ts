import MarkdownIt from 'markdown-it';
import { headingIds } from './heading-ids.js';
import type { MarkdownOptions } from './markdown-options.js';
import { sanitizeDocument } from './sanitize-document.js';

const KIB = 1024;
const MAX_LENGTH = 1024 * KIB;
const MAX_NESTING = 40;
/** A short reference may stand for a long address any number of times. */
const MAX_ADDRESS_TOTAL = 4 * 1024 * KIB;
const MAX_PLAIN_LENGTH = 64 * KIB;

/**
 * Renders a document that a stranger wrote as HTML that is safe to embed: tables, code, headings with ids that
 * begin with `readme-`, links to http, https and mailto, images of the archive only. Never throws: what is too large
 * or cannot be rendered comes as plain text, at most 64 Ki characters of it (threat row D20).
 */
export function renderMarkdown(text: string, options: MarkdownOptions): string {
  if (text.length > MAX_LENGTH) return plainText(text);
  try {
    const environment = {};
    const tokens = markdown.parse(text, environment);
    if (addressTotal(tokens) > MAX_ADDRESS_TOTAL) return plainText(text);
    return sanitizeDocument(markdown.renderer.render(tokens, markdown.options, environment), options);
  } catch {
    return plainText(text);
  }
}

/** Text as it is, in a block of its own. */
export function plainText(text: string): string {
  return text === '' ? '' : `<pre>${escapeText(text.slice(0, MAX_PLAIN_LENGTH))}</pre>\n`;
}

const markdown = new MarkdownIt('default', {
  html: true,
  linkify: true,
  typographer: false,
  maxNesting: MAX_NESTING,
}).use(headingIds);
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
// Every address is judged once, by `sanitizeDocument`; raw HTML has no other judge.
markdown.validateLink = () => true;

type Tokens = ReturnType<typeof markdown.parse>;

function addressTotal(tokens: Tokens): number {
  let total = 0;
  for (const token of tokens) {
    for (const child of token.children ?? []) {
      for (const [, value] of child.attrs ?? []) total += String(value).length;
    }
  }
  return total;
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
