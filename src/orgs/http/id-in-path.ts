import { InvalidInput } from '../../kernel/invalid-input.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The id in its one spelling. Throws `InvalidInput` with `Invalid <what> ID` for what is none. */
export function idInPath(text: string, what: 'organization' | 'user' | 'role template'): string {
  if (!UUID.test(text)) throw new InvalidInput(`Invalid ${what} ID`);
  return text.toLowerCase();
}
