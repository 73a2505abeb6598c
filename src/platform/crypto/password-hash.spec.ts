import { argon2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { LocalAccountsConfig } from '../../config/local-accounts.config.js';
import { PasswordHash } from './password-hash.js';
import { HashingBusy } from './password-hash.errors.js';

const hashesWith = (limits: Partial<LocalAccountsConfig>) =>
  new PasswordHash(Object.assign(new LocalAccountsConfig(), limits));
const hashes = hashesWith({ maxHashes: 4 });

describe('argon2id of this runtime', () => {
  it('gives the tag of the test vector in RFC 9106, section 5.3', () => {
    const tag = argon2Sync('argon2id', {
      message: Buffer.alloc(32, 1),
      nonce: Buffer.alloc(16, 2),
      secret: Buffer.alloc(8, 3),
      associatedData: Buffer.alloc(12, 4),
      parallelism: 4,
      memory: 32,
      passes: 3,
      tagLength: 32,
    });
    expect(tag.toString('hex')).toBe('0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659');
  });
});

describe('the hash of a password', () => {
  it('understands hashes that the reference implementation made, and wants to renew them', async () => {
    const reference =
      '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    expect(await hashes.check('password', reference)).toEqual({ isRight: true, isOutdated: true });
    expect(await hashes.check('passwore', reference)).toEqual({ isRight: false, isOutdated: false });
  });

  it('costs 19 MiB and two passes, and is never the same twice', async () => {
    const [first, second] = await Promise.all([hashes.create('tree house'), hashes.create('tree house')]);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(second).not.toBe(first);
    expect(await hashes.check('tree house', first)).toEqual({ isRight: true, isOutdated: false });
    expect(await hashes.check('Tree house', first)).toEqual({ isRight: false, isOutdated: false });
    expect(await hashes.check('', first)).toEqual({ isRight: false, isOutdated: false });
  });

  it('is never right where there is none, or where it cannot be read', async () => {
    const good = await hashes.create('tree house');
    const damaged = [undefined, '', 'tree house', good.slice(0, -50), good.replace('argon2id', 'argon2d')];
    for (const stored of damaged) {
      expect(await hashes.check('tree house', stored)).toEqual({ isRight: false, isOutdated: false });
    }
  });
});

describe('hashing under load', () => {
  it('runs so many at a time, lets so many wait, and refuses the next (boundary)', async () => {
    const busy = hashesWith({ maxHashes: 2, maxWaiting: 3 });
    const accepted = Array.from({ length: 5 }, () => busy.create('tree house'));
    await expect(busy.create('tree house')).rejects.toBeInstanceOf(HashingBusy);
    expect(new Set(await Promise.all(accepted)).size).toBe(5);
    await expect(busy.check('tree house', await busy.create('tree house'))).resolves.toMatchObject({
      isRight: true,
    });
  });

  it('gives the turn on after a failure', async () => {
    const single = hashesWith({ maxHashes: 1, maxWaiting: 5 });
    const impossible = '$argon2id$v=19$m=1,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    await expect(single.check('tree house', impossible)).rejects.toThrow();
    await expect(single.create('tree house')).resolves.toMatch(/^\$argon2id/);
  });
});
