import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nearestName } from './nearest-name.js';
import { weakness } from './secret-strength.js';

describe('the strength of a secret', () => {
  it.each([
    ['', 'fewer than 32 characters'],
    [randomBytes(15).toString('hex'), 'fewer than 32 characters'],
    ['a'.repeat(32), 'repeats'],
    ['0'.repeat(64), 'repeats'],
    ['abcd1234'.repeat(4), 'repeats'],
    ['changeme-7f3k9q2x8w5z1v6b4n0m-jhgp', 'well-known'],
    ['CHANGE_ME_7f3k9q2x8w5z1v6b4n0mjhgp', 'well-known'],
    ['your-jwt-secret-7f3k9q2x8w5z1v6b4n', 'well-known'],
    ['my super secret password 1984 0815', 'well-known'],
    ['abcdefghijklmnopqrstuvwxyz012345', 'alphabet'],
    ['01234567890123456789012345678901', 'repeats'],
    ['zyxwvutsrqponmlkjihgfedcba543210', 'alphabet'],
    ['acgtgcatacgacttgcagtcaggatccagtt', 'fewer than 8 different'],
  ])('refuses %j', (secret, reason) => {
    expect(weakness(secret)).toContain(reason);
  });

  it('refuses bytes without entropy in an encryption key', () => {
    expect(weakness(Buffer.alloc(32))).toContain('repeats');
    expect(weakness(Buffer.from(Array.from({ length: 32 }, (_, index) => index)))).toContain('alphabet');
  });

  it('accepts random secrets in every usual form', () => {
    for (let round = 0; round < 500; round++) {
      expect(weakness(randomBytes(32))).toBeUndefined();
      expect(weakness(randomBytes(16).toString('hex'))).toBeUndefined();
      expect(weakness(randomBytes(32).toString('hex'))).toBeUndefined();
    }
  });
});

describe('the nearest known name', () => {
  const known = ['TFR_SERVER_PORT', 'TFR_SERVER_HOST', 'TFR_DATABASE_HOST'];

  it('is the one with the fewest edits', () => {
    expect(nearestName('TFR_SERVER_PROT', known)).toBe('TFR_SERVER_PORT');
    expect(nearestName('TFR_DATABSE_HOST', known)).toBe('TFR_DATABASE_HOST');
  });

  it('is nothing when no name is similar', () => {
    expect(nearestName('TFR_NOTIFICATIONS_SMTP_USE_TLS', known)).toBeUndefined();
  });
});
