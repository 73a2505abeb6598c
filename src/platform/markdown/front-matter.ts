import { parseDocument } from 'yaml';

const MAX_LENGTH = 16 * 1024;
const MAX_NODES_DEPTH = 8;
const OPENING = /^\uFEFF?---[ \t]*\r?\n/;
const CLOSING = /^(?:---|\.\.\.)[ \t]*$/m;

/** A document and what stands in its head. */
export interface FrontMatter {
  /** Plain values of the head; `{}` without one, or when it is no mapping, too large or broken. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The text after the head. */
  readonly body: string;
}

/**
 * Reads the YAML head between two lines of `---` (at most 16 Ki characters, 8 levels, no aliases). Never throws: a head
 * that cannot be read is taken away and has no values; without a closing line there is no head.
 */
export function readFrontMatter(text: string): FrontMatter {
  const opening = OPENING.exec(text);
  if (!opening) return { values: {}, body: text };
  const rest = text.slice(opening[0].length);
  const closing = CLOSING.exec(rest);
  if (!closing) return { values: {}, body: text };
  const body = rest.slice(closing.index + closing[0].length).replace(/^\r?\n/, '');
  return { values: mappingOf(rest.slice(0, closing.index)), body };
}

function mappingOf(head: string): Record<string, unknown> {
  if (head.length > MAX_LENGTH || head.includes('\0')) return {};
  try {
    const document = parseDocument(head, {
      schema: 'core',
      uniqueKeys: true,
      logLevel: 'silent',
      merge: false,
    });
    if (document.errors.length > 0) return {};
    const value: unknown = document.toJS({ maxAliasCount: 0 });
    return isMapping(value) && depthOf(value) <= MAX_NODES_DEPTH ? value : {};
  } catch {
    return {};
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
