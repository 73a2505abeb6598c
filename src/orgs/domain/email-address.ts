import { InvalidInput } from '../../kernel/invalid-input.js';

const MAX_LENGTH = 254;
const FORM = /^[^\s\p{C}@<>()[\]\\,;:"]{1,64}@[^\s\p{C}@<>()[\]\\,;:"]+$/u;

/**
 * An address in the form in which it is stored and compared: trimmed, ASCII letters in lower case. Other letters
 * stay as they are, because lower case turns some of them (the Kelvin sign) into ASCII: the address of somebody
 * else. Throws `InvalidInput` for what is no address.
 */
export function emailAddress(text: string): string {
  const address = text.trim().replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
  if (address.length > MAX_LENGTH || !FORM.test(address)) {
    const sentence = 'A valid email address is required';
    throw new InvalidInput(sentence, { fields: { email: sentence } });
  }
  return address;
}
