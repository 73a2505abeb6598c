/**
 * Parses a query string into plain text values; of a repeated name the last one counts, so a handler never sees
 * an array where it expects text (threat W9).
 */
export function parseQueryString(text: string): Record<string, string> {
  const query = Object.create(null) as Record<string, string>;
  if (text === '') return query;
  for (const [name, value] of new URLSearchParams(text)) {
    query[name] = value;
  }
  return query;
}
