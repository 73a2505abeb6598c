import { describe, expect, it } from 'vitest';
import { FieldErrors } from './field-errors.js';
import { InvalidInput } from './invalid-input.js';

describe('collecting messages by field', () => {
  it('throws nothing when there is no message', () => {
    expect(() => new FieldErrors().throwIfAny('Missing required fields')).not.toThrow();
  });

  it('throws one error with all fields, keeping the first message of each', () => {
    const errors = new FieldErrors();
    errors.add('name', 'is required');
    errors.add('system', 'is too long');
    errors.add('name', 'is too short');
    let thrown: unknown;
    try {
      errors.throwIfAny('Two fields are wrong');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidInput);
    expect(thrown).toMatchObject({
      kind: 'invalid',
      code: 'invalid_input',
      message: 'Two fields are wrong',
      facts: { fields: { name: 'is required', system: 'is too long' } },
    });
  });
});
