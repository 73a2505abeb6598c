import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { OpenPgpSigner } from '../../../src/platform/signatures/openpgp-signer.js';

const DIRECTORY = resolve(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'node_modules',
  '.cache',
  'terraform-registry',
);
const FILE = resolve(DIRECTORY, 'test-only-registry-key.asc');

/**
 * A private RSA key for registries in tests, and only for them. It is made once and kept between runs, because
 * making one takes a while; several workers that make it at the same time agree on the first.
 */
export async function testOnlyRegistryKey(): Promise<string> {
  const kept = read();
  if (kept !== undefined) return kept;
  const { privateArmor } = await OpenPgpSigner.generate('TEST ONLY registry, do not trust', 2048);
  mkdirSync(DIRECTORY, { recursive: true });
  const draft = `${FILE}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, privateArmor, { mode: 0o600 });
  try {
    linkSync(draft, FILE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(FILE, 'utf8');
}

function read(): string | undefined {
  try {
    return readFileSync(FILE, 'utf8');
  } catch {
    return undefined;
  }
}
