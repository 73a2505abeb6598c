import { InvalidProtocols } from './providers.errors.js';

const ENTRY = /^([1-9]\d{0,3})(?:\.(\d{1,4}))?$/;
const DEFAULT = ['5.0'];

/**
 * Reads the `protocols` field of an upload: a JSON array as text, entries `N` or `N.M`. Answers the
 * `N.M` form clients parse, without repetition; undefined when the field is absent.
 *
 * @throws InvalidProtocols
 */
export function parseProtocols(text: string | undefined): string[] | undefined {
  if (text === undefined || text === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InvalidProtocols('send for example ["5.0"] or ["5.0","6.0"]');
  }
  if (!Array.isArray(value) || value.length === 0) throw new InvalidProtocols('send for example ["5.0"]');
  if (value.length > 16) throw new InvalidProtocols('at most 16 entries');
  return [...new Set(value.map(canonical))];
}

/** The protocols of a version whose publisher did not say. */
export function defaultProtocols(): string[] {
  return [...DEFAULT];
}

function canonical(entry: unknown): string {
  const match = typeof entry === 'string' ? ENTRY.exec(entry) : null;
  if (!match) throw new InvalidProtocols('each entry is a text like "5" or "5.0"');
  return `${match[1]}.${Number(match[2] ?? 0)}`;
}
