import { InvalidInput } from '../../kernel/invalid-input.js';
import { isUuid } from '../../kernel/uuid.js';

/** The id in its one spelling. Throws `InvalidInput` with `Invalid <what> ID` for what is none. */
export function idInPath(text: string, what: 'organization' | 'user' | 'role template'): string {
  if (!isUuid(text)) throw new InvalidInput(`Invalid ${what} ID`);
  return text.toLowerCase();
}
