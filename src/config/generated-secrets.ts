import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Secrets that the registry made for itself, in the form in which they would be set by an operator. */
export interface GeneratedSecrets {
  encryptionKey: string;
  jwtSecret: string;
}

/** The file of generated secrets cannot be used. The message says what was expected. */
export class SecretsFileUnusable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SecretsFileUnusable';
  }
}

const NOTICE =
  'Generated at the first start. Keep this file with the database: without it stored secrets cannot be read.';

/** New random secrets: an encryption key of 32 bytes and a JWT secret of 48. */
export function newSecrets(): GeneratedSecrets {
  return {
    encryptionKey: `base64:${randomBytes(32).toString('base64')}`,
    jwtSecret: randomBytes(48).toString('base64url'),
  };
}

/** Reads generated secrets, or answers nothing when there are none yet. Throws `SecretsFileUnusable`. */
export function readSecrets(path: string): GeneratedSecrets | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new SecretsFileUnusable(`expected a file that can be read (${code})`);
  }
  const { encryptionKey, jwtSecret } = parsed(text) as Partial<GeneratedSecrets>;
  const isComplete =
    typeof encryptionKey === 'string' &&
    /^base64:[A-Za-z0-9+/]{43}=$/.test(encryptionKey) &&
    typeof jwtSecret === 'string' &&
    /^[\w-]{64}$/.test(jwtSecret);
  if (!isComplete) {
    throw new SecretsFileUnusable(
      'expected the secrets as they were generated; restore the file from a backup',
    );
  }
  return { encryptionKey, jwtSecret };
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/**
 * Reads generated secrets, or makes them once: mode 0600, complete from the first moment it is visible, and
 * never replaced, so that of several processes starting at once all use the same. Throws `SecretsFileUnusable`.
 */
export function readOrCreateSecrets(path: string): GeneratedSecrets {
  const existing = readSecrets(path);
  if (existing !== undefined) return existing;
  try {
    createOnce(path, `${JSON.stringify({ notice: NOTICE, ...newSecrets() }, null, 2)}\n`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SecretsFileUnusable(`expected a directory in which the file can be created (${code})`);
  }
  return readSecrets(path)!;
}

function createOnce(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = join(dirname(path), `.secrets-${process.pid}-${randomBytes(6).toString('hex')}`);
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
    // A link fails when the name is taken, which a rename does not.
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    closeSync(file);
    rmSync(draft, { force: true });
  }
}

/** Tells whether other users of the machine may read the file. Always `false` on Windows, which has no such bits. */
export function isOpenToOthers(path: string): boolean {
  return process.platform !== 'win32' && existsSync(path) && (statSync(path).mode & 0o077) !== 0;
}
