import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { InvalidInput } from '../../kernel/invalid-input.js';

/**
 * Reads the text fields of a form into `Dto`. Fields the class does not name are dropped, empty ones count
 * as absent.
 *
 * @throws InvalidInput `Missing required fields: …` naming all of `required`, or the rule that is broken
 */
export function parseForm<T extends object>(
  Dto: new () => T,
  fields: Readonly<Record<string, string>>,
  required: readonly (keyof T & string)[],
): T {
  const present = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
  if (required.some((field) => !Object.hasOwn(present, field))) {
    throw new InvalidInput(`Missing required fields: ${required.join(', ')}`, {
      fields: Object.fromEntries(
        required.filter((field) => !Object.hasOwn(present, field)).map((field) => [field, 'is required']),
      ),
    });
  }
  const form = plainToInstance(Dto, present);
  const broken = validateSync(form, { whitelist: true, stopAtFirstError: true });
  if (broken.length > 0) {
    const messages = broken.map((error) => [
      error.property,
      Object.values(error.constraints ?? {})[0] ?? 'is invalid',
    ]);
    throw new InvalidInput(messages.map(([, message]) => message).join('; '), {
      fields: Object.fromEntries(messages),
    });
  }
  return form;
}
