import { armoredKeyBytes } from '../../platform/signatures/armored-bytes.js';
import type { OpenPgpVerifier } from '../../platform/signatures/openpgp-verifier.js';
import type { PublicKeyInfo } from '../../platform/signatures/public-key-info.js';
import { InvalidPublicKey, InvalidSignature } from '../../platform/signatures/signatures.errors.js';
import type { VouchedKey } from '../upstream/registry-client.js';

const BLOCK_END = '-----END PGP PUBLIC KEY BLOCK-----';

/**
 * The offered keys for which the owner of one of `vouchers` really vouches: with a detached signature of the bytes of
 * the key, as the clients check it. What proves nothing is left out.
 */
export async function vouchedKeys(
  signatures: OpenPgpVerifier,
  offered: readonly VouchedKey[],
  vouchers: readonly string[],
): Promise<PublicKeyInfo[]> {
  if (vouchers.length === 0) return [];
  const found = await Promise.all(offered.map((key) => proved(signatures, key, vouchers)));
  return found.filter((key) => key !== undefined);
}

async function proved(
  signatures: OpenPgpVerifier,
  { armor: text, signature }: VouchedKey,
  vouchers: readonly string[],
): Promise<PublicKeyInfo | undefined> {
  // Clients look at the first block alone.
  const armor = `${text.split(BLOCK_END, 1)[0]}${BLOCK_END}`;
  try {
    // Read first: it demands exactly one block with one key, so that the bytes that were signed are those of this key.
    const key = await signatures.readPublicKey(armor);
    const data = await armoredKeyBytes(armor);
    await signatures.verifyDetached({ data, signature: Buffer.from(signature), armor: vouchers });
    return key;
  } catch (error) {
    if (error instanceof InvalidPublicKey || error instanceof InvalidSignature) return undefined;
    throw error;
  }
}
