import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SecretsConfig } from '../../config/secrets.config.js';
import { SecretUnreadable } from './crypto.errors.js';
import { SecretBox } from './secret-box.js';

const boxWith = (encryptionKey: Buffer, ...previousEncryptionKeys: Buffer[]) =>
  new SecretBox({ encryptionKey, previousEncryptionKeys } as unknown as SecretsConfig);

describe('a secret box', () => {
  const first = randomBytes(32);
  const second = randomBytes(32);
  const secret = Buffer.from('a pepper');

  it('opens what it sealed, also nothing at all', () => {
    const box = boxWith(first);
    expect(box.open(box.seal(secret, 'a'), 'a')).toEqual(secret);
    expect(box.open(box.seal(Buffer.alloc(0), 'a'), 'a')).toEqual(Buffer.alloc(0));
  });

  it('does not open under another name, so boxes cannot be swapped', () => {
    const box = boxWith(first);
    const names = ['platform_secrets/a', 'platform_secrets/b', '', 'platform_secrets/a '];
    for (const sealed of names) {
      for (const opened of names) {
        if (sealed === opened) continue;
        expect(() => box.open(box.seal(secret, sealed), opened)).toThrow(SecretUnreadable);
      }
    }
  });

  it('refuses a box in which any byte was changed, and every shorter box', () => {
    const box = boxWith(first);
    const sealed = box.seal(secret, 'a');
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed);
      changed[index]! ^= 1;
      expect(() => box.open(changed, 'a')).toThrow(SecretUnreadable);
      expect(() => box.open(sealed.subarray(0, index), 'a')).toThrow(SecretUnreadable);
    }
  });

  it('opens boxes of a previous key, and seals with the present one', () => {
    const old = boxWith(first).seal(secret, 'a');
    const rotated = boxWith(second, first);
    expect(rotated.open(old, 'a')).toEqual(secret);
    expect(() => boxWith(second).open(old, 'a')).toThrow(SecretUnreadable);
    expect(boxWith(second).open(rotated.seal(secret, 'a'), 'a')).toEqual(secret);
  });

  it('never seals the same way twice and does not show the plaintext', () => {
    const box = boxWith(first);
    const boxes = Array.from({ length: 200 }, () => box.seal(secret, 'a').toString('hex'));
    expect(new Set(boxes).size).toBe(200);
    expect(boxes.some((sealed) => sealed.includes(secret.toString('hex')))).toBe(false);
  });
});
