import { InvalidInput } from '../../kernel/invalid-input.js';

const MAX_LENGTH = 255;

/** The name of a person, trimmed. Throws `InvalidInput` when it is empty, too long or has control characters. */
export function personName(text: string): string {
  const name = text.trim().normalize('NFC');
  if (name === '' || name.length > MAX_LENGTH || /\p{Cc}/u.test(name)) {
    const sentence = `A name has 1 to ${MAX_LENGTH} characters and no control characters`;
    throw new InvalidInput(sentence, { fields: { name: sentence } });
  }
  return name;
}

/** A name for somebody of whom a provider may say none: what it says, cut to fit, else the first part of the address. */
export function personNameOr(text: string | null | undefined, email: string): string {
  const said = (text ?? '').replaceAll(/\p{Cc}+/gu, ' ').trim();
  const cut = [...said.normalize('NFC')].slice(0, MAX_LENGTH / 2).join('');
  return cut === '' ? email.slice(0, email.indexOf('@')) : cut.trim();
}
