import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfiguredValues } from './configured-values.js';
import { secretsFileOf } from './derived-values.js';
import {
  type GeneratedSecrets,
  SecretsFileUnusable,
  isOpenToOthers,
  newSecrets,
  readOrCreateSecrets,
  readSecrets,
} from './generated-secrets.js';
import { readValue } from './setting-values.js';

const KEY = 'ENCRYPTION_KEY';
const JWT = 'TFR_JWT_SECRET';

/**
 * Fills the encryption key and the JWT secret when they are not set: generated with the bundled database and
 * in development mode, a problem otherwise. The file is written only when nothing else is wrong; without
 * `mayCreate` secrets that do not exist yet are made up for this process.
 */
export function completeSecrets(values: ConfiguredValues, mayCreate: boolean): void {
  const missing = [KEY, JWT].filter((name) => !values.isSet(name) && !values.isFaulty(name));
  if (missing.length === 0) return;
  const { database, secrets } = values.app;
  if (database.embeddedDirectory === null && !secrets.devMode) {
    if (values.isFaulty('database.url', 'DEV_MODE')) return;
    for (const name of missing) values.refuse(name, requirement(name));
    return;
  }
  const path = secretsFileOf(values);
  try {
    const found = readSecrets(path);
    if (found === undefined && missing.includes(KEY)) refuseForgottenKey(values, path);
    if (values.problems.length > 0) return;
    use(values, missing, found ?? (mayCreate ? readOrCreateSecrets(path) : newSecrets()));
    reportOrigin(values, missing, path, found !== undefined || mayCreate);
  } catch (error) {
    if (!(error instanceof SecretsFileUnusable)) throw error;
    values.problems.push({ name: missing.join(', '), source: `file ${path}`, message: error.message });
  }
}

function requirement(name: string): string {
  const what =
    name === KEY
      ? '32 bytes, e.g. base64: and the output of openssl rand -base64 32'
      : 'at least 32 random characters';
  return `expected a value (${what}), because the database is a server of your own`;
}

/** A database that exists was encrypted with a key that is not here: a new one would make its secrets unreadable. */
function refuseForgottenKey(values: ConfiguredValues, path: string): void {
  const { embeddedDirectory } = values.app.database;
  if (embeddedDirectory === null || !existsSync(join(embeddedDirectory, 'cluster', 'PG_VERSION'))) return;
  values.refuse(
    KEY,
    `expected the key with which the database in ${embeddedDirectory} was set up; restore ${path} or set ${KEY}`,
  );
}

function use(values: ConfiguredValues, missing: readonly string[], generated: GeneratedSecrets): void {
  const { secrets } = values.app;
  if (missing.includes(KEY)) {
    values.assign(secrets, {
      encryptionKey: readValue('encryption-key', generated.encryptionKey, values.cwd) as Buffer,
    });
  }
  if (missing.includes(JWT)) values.assign(secrets, { jwtSecret: generated.jwtSecret });
}

function reportOrigin(
  values: ConfiguredValues,
  missing: readonly string[],
  path: string,
  exists: boolean,
): void {
  for (const name of missing)
    values.setOrigin(name, exists ? `generated, file ${path}` : 'generated at the first start');
  const verb = exists ? 'are kept' : 'will be kept';
  values.warnings.push(
    `${missing.join(' and ')} ${verb} in ${path}. Back this file up together with the database.`,
  );
  if (isOpenToOthers(path)) {
    values.warnings.push(`Other users of this machine can read ${path}; set its mode to 0600.`);
  }
}
