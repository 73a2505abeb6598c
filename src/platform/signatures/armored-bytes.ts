import { enums, unarmor } from 'openpgp';
import { InvalidPublicKey } from './signatures.errors.js';

/**
 * The bytes inside one armored public key block, exactly as its owner exported them: what others sign when they vouch
 * for a key. Throws `InvalidPublicKey`.
 */
export async function armoredKeyBytes(armor: string): Promise<Buffer> {
  const { type, data } = await unarmor(armor.trim()).catch(() => {
    throw new InvalidPublicKey('the armor around it cannot be read');
  });
  if (type !== enums.armor.publicKey || !(data instanceof Uint8Array)) {
    throw new InvalidPublicKey('it is no public key block');
  }
  return Buffer.from(data);
}
