import { randomBytes } from 'node:crypto';
import { InvalidInput } from '../../kernel/invalid-input.js';

const MAX_LENGTH = 1_024;
/** No composed letter is made of more than four. */
const MAX_TYPED = 4 * MAX_LENGTH;
const MIN_RANDOM_BYTES = 15;

/** Whose password it is, and how long it has to be. */
export interface PasswordRules {
  readonly minLength: number;
  readonly email: string;
  readonly name: string;
  /** The input field that messages are about. */
  readonly field: string;
}

/**
 * A password in the form that is hashed (NFC), so that it does not matter how a keyboard composes letters;
 * `undefined` for a text that is too long to be one.
 */
export function typedPassword(text: string): string | undefined {
  if (text.length > MAX_TYPED) return undefined;
  const password = text.normalize('NFC');
  return password.length > MAX_LENGTH ? undefined : password;
}

/** A new password in the form that is hashed. Throws `InvalidInput` when it breaks a rule. */
export function newPassword(typed: string, { minLength, email, name, field }: PasswordRules): string {
  const refuse = (sentence: string) => new InvalidInput(sentence, { fields: { [field]: sentence } });
  const password = typedPassword(typed);
  if (password === undefined) throw refuse(`A password has at most ${MAX_LENGTH} characters`);
  if ([...password].length < minLength) throw refuse(`A password has at least ${minLength} characters`);
  const plain = password.trim().toLowerCase();
  if ([email, name].some((text) => text.trim().normalize('NFC').toLowerCase() === plain)) {
    throw refuse('A password is neither the email address nor the name');
  }
  return password;
}

/** A random password of at least 120 bits, long enough for the rules. */
export function randomPassword(minLength: number): string {
  return randomBytes(Math.max(MIN_RANDOM_BYTES, Math.ceil((minLength * 3) / 4))).toString('base64url');
}
