import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SecretsConfig } from '../../../src/config/secrets.config.js';
import { SecretUnreadable } from '../../../src/platform/crypto/crypto.errors.js';
import { PlatformSecretsRepository } from '../../../src/platform/crypto/persistence/platform-secrets.repository.js';
import { PlatformSecrets } from '../../../src/platform/crypto/platform-secrets.service.js';
import { SecretBox } from '../../../src/platform/crypto/secret-box.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { identityProcess, newEncryptionKey } from './support/identity.js';

describe('a secret that the server makes for itself', () => {
  const encryptionKey = newEncryptionKey();
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(() => database.drop());

  it('is the same in all processes that ask for it at once', async () => {
    const processes = await Promise.all(
      Array.from({ length: 5 }, () => identityProcess(database, encryptionKey)),
    );
    const secrets = await Promise.all(
      processes.map(({ secrets: store }) => store.getOrCreate('raced', () => randomBytes(32))),
    );
    expect(new Set(secrets.map((secret) => secret.toString('hex'))).size).toBe(1);
  });

  it('is made once and kept, sealed', async () => {
    const { secrets, dataSource } = await identityProcess(database, encryptionKey);
    const secret = await secrets.getOrCreate('kept', () => Buffer.from('plain and visible'));
    expect(await secrets.getOrCreate('kept', () => Buffer.from('another'))).toEqual(secret);
    const [row]: { ciphertext: Buffer }[] = await dataSource.query(
      `SELECT ciphertext FROM platform_secrets WHERE name = 'kept'`,
    );
    expect(row!.ciphertext.includes('plain')).toBe(false);
  });

  it('cannot be swapped with another one (J1), nor opened with another encryption key', async () => {
    const { secrets, dataSource } = await identityProcess(database, encryptionKey);
    for (const name of ['left', 'right']) await secrets.getOrCreate(name, () => randomBytes(32));
    const box = new SecretBox({
      encryptionKey: newEncryptionKey(),
      previousEncryptionKeys: [],
    } as unknown as SecretsConfig);
    const other = new PlatformSecrets(new PlatformSecretsRepository(dataSource), box);
    await expect(other.getOrCreate('left', () => randomBytes(32))).rejects.toThrow(SecretUnreadable);
    await dataSource.query(
      `UPDATE platform_secrets SET ciphertext = (SELECT ciphertext FROM platform_secrets WHERE name = 'right')
       WHERE name = 'left'`,
    );
    await expect(secrets.getOrCreate('left', () => randomBytes(32))).rejects.toThrow(SecretUnreadable);
  });
});
