import pg from 'pg';
import { ApiKeyToken } from '../../src/auth/domain/api-key-token.js';
import { SecretsConfig } from '../../src/config/secrets.config.js';
import { platformSecretAad } from '../../src/platform/crypto/platform-secrets.service.js';
import { SecretBox } from '../../src/platform/crypto/secret-box.js';
import { keyedDigest } from '../../src/platform/crypto/token-hash.js';

/** How a process was told to reach its database, and with which key its secrets are sealed (`hex:…`). */
export interface ProcessSecrets {
  readonly databaseUrl: string;
  readonly encryptionKey: string;
}

/**
 * Stores an API key of the default organization for a process that runs already, as its command line does; starting
 * that costs more than many of the tests that need a key.
 */
export async function storeKey(
  { databaseUrl, encryptionKey }: ProcessSecrets,
  scopes: string,
): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ ciphertext: Buffer }>(
      `SELECT ciphertext FROM platform_secrets WHERE name = 'api_key_pepper'`,
    );
    const pepper = boxOf(encryptionKey).open(rows[0]!.ciphertext, platformSecretAad('api_key_pepper'));
    const token = ApiKeyToken.generate('tfr_');
    await client.query(
      `INSERT INTO api_keys (organization_id, name, key_prefix, key_digest, scopes)
       SELECT id, 'ci', $1, $2, $3 FROM organizations WHERE is_default`,
      [token.shownPrefix, keyedDigest(pepper, token.text), scopes.split(',')],
    );
    return token.text;
  } finally {
    await client.end();
  }
}

function boxOf(encryptionKey: string): SecretBox {
  const key = Buffer.from(encryptionKey.replace(/^hex:/, ''), 'hex');
  return new SecretBox(Object.assign(new SecretsConfig(), { encryptionKey: key }));
}
