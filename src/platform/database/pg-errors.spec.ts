import { QueryFailedError } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { DatabaseUnavailable } from './database.errors.js';
import { isUniqueViolation, mapDatabaseError } from './pg-errors.js';

const failed = (facts: object): Error =>
  new QueryFailedError('SELECT secret', [], Object.assign(new Error('text of the server'), facts));

describe('database errors', () => {
  it.each(['57014', '55P03', '40P01', '57P01', '53300', '08006', '25P03'])('of code %s may pass', (code) => {
    const mapped = mapDatabaseError(failed({ code }));
    expect(mapped).toBeInstanceOf(DatabaseUnavailable);
    expect((mapped as Error).message).not.toMatch(/secret|server/);
  });

  it('of a lost connection may pass', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
    });
    expect(mapDatabaseError(refused)).toBeInstanceOf(DatabaseUnavailable);
    expect(mapDatabaseError(new Error('Connection terminated unexpectedly'))).toBeInstanceOf(
      DatabaseUnavailable,
    );
  });

  it('of other kinds stay what they are', () => {
    const missingFile = Object.assign(new Error('ENOENT'), { code: 'ENOENT', syscall: 'open' });
    for (const error of [
      failed({ code: '23505' }),
      failed({ code: '42601' }),
      missingFile,
      new Error('x'),
      undefined,
    ]) {
      expect(mapDatabaseError(error)).toBe(error);
    }
  });

  it('name the unique constraint that was broken', () => {
    const error = failed({ code: '23505', constraint: 'uq_module_version' });
    expect(isUniqueViolation(error)).toBe(true);
    expect(isUniqueViolation(error, 'uq_module_version')).toBe(true);
    expect(isUniqueViolation(error, 'uq_provider_version')).toBe(false);
    expect(isUniqueViolation(failed({ code: '23503' }))).toBe(false);
    expect(isUniqueViolation(new Error('x'))).toBe(false);
  });
});
