import { config, enums, readKeys, type AlgorithmInfo, type Config, type Key, type Subkey } from 'openpgp';
import type { PublicKeyInfo } from './public-key-info.js';
import { InvalidPublicKey } from './signatures.errors.js';

const MAX_ARMOR_CHARACTERS = 128 * 1024;
const MIN_RSA_BITS = 2048;
const BLOCK =
  /^-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:(?!-----)[^])*-----END PGP PUBLIC KEY BLOCK-----$/;

/** Names of the algorithms that every supported client verifies (protocol checklist 81). */
const CURVES: Readonly<Record<string, string>> = {
  'eddsaLegacy ed25519Legacy': 'EdDSA Ed25519',
  'ecdsa nistP256': 'ECDSA P-256',
  'ecdsa nistP384': 'ECDSA P-384',
  'ecdsa nistP521': 'ECDSA P-521',
};

/** Algorithm ids 25 to 28 (RFC 9580): a client that meets one refuses the whole key. */
const UNREADABLE_ALGORITHMS: ReadonlySet<string> = new Set(['x25519', 'x448', 'ed25519', 'ed448']);

/** Rules for every use of the library: nothing weak is accepted. */
export const STRICT: Config = {
  ...config,
  minRSABits: MIN_RSA_BITS,
  rejectHashAlgorithms: new Set([enums.hash.md5, enums.hash.ripemd, enums.hash.sha1]),
  rejectMessageHashAlgorithms: new Set([enums.hash.md5, enums.hash.ripemd, enums.hash.sha1]),
  // Keys whose life was extended carry one self-signature, newer than what they signed before.
  allowInsecureVerificationWithReformattedKeys: true,
};

/** Asks the library for a property of the key itself, whatever the time. */
const AT_ANY_TIME = null as unknown as Date;

/** A key that passed every rule, with what the library needs to verify with it. */
export interface ReadablePublicKey {
  readonly key: Key;
  readonly info: PublicKeyInfo;
}

/** Reads one armored public key; throws {@link InvalidPublicKey}. */
export async function readArmoredPublicKey(armor: string): Promise<ReadablePublicKey> {
  const key = await parseOne(armor);
  checkAlgorithms(key);
  const isRevoked = await key.isRevoked(undefined, undefined, undefined, STRICT);
  await checkSelfSignature(key);
  if (!isRevoked) await checkCanSign(key);
  return { key, info: await describe(key, isRevoked) };
}

/** The name of the algorithm when clients can verify it, else `undefined`. */
export function acceptedAlgorithm(info: AlgorithmInfo): string | undefined {
  if (info.algorithm === 'rsaEncryptSign' || info.algorithm === 'rsaSign') {
    return (info.bits ?? 0) >= MIN_RSA_BITS ? `RSA ${info.bits}` : undefined;
  }
  return CURVES[`${info.algorithm} ${info.curve}`];
}

async function parseOne(armor: string): Promise<Key> {
  const text = armor.trim();
  if (text.length > MAX_ARMOR_CHARACTERS) throw new InvalidPublicKey('it is larger than 128 KiB');
  if (text.includes('PRIVATE KEY BLOCK')) {
    throw new InvalidPublicKey('this is a private key; send the public one (gpg --armor --export)');
  }
  if (!BLOCK.test(text)) {
    throw new InvalidPublicKey(
      'expected exactly one ASCII-armored public key block (gpg --armor --export KEY)',
    );
  }
  const keys = await readKeys({ armoredKeys: text, config: STRICT }).catch(() => {
    throw new InvalidPublicKey('the block cannot be read as an OpenPGP version 4 key');
  });
  const [key, ...others] = keys;
  if (key === undefined || others.length > 0) {
    throw new InvalidPublicKey(`the block holds ${keys.length} keys; export exactly one`);
  }
  if (key.isPrivate()) throw new InvalidPublicKey('this is a private key; send the public one');
  return key;
}

function checkAlgorithms(key: Key): void {
  for (const part of [key, ...key.subkeys]) {
    const { algorithm } = part.getAlgorithmInfo();
    if (part.keyPacket.version !== 4) {
      throw new InvalidPublicKey(`clients cannot read version ${part.keyPacket.version} keys; use version 4`);
    }
    if (UNREADABLE_ALGORITHMS.has(algorithm)) {
      throw new InvalidPublicKey(
        `clients cannot read keys with ${algorithm} (RFC 9580); use RSA 4096, or Ed25519 as made by GnuPG 2`,
      );
    }
  }
  if (acceptedAlgorithm(key.getAlgorithmInfo()) === undefined) {
    const { algorithm, bits, curve } = key.getAlgorithmInfo();
    throw new InvalidPublicKey(
      `${[algorithm, bits ?? curve].filter(Boolean).join(' ')} is not accepted; ` +
        'use RSA with at least 2048 bits, EdDSA (Ed25519) or ECDSA (P-256, P-384, P-521)',
    );
  }
}

async function checkSelfSignature(key: Key): Promise<void> {
  try {
    // Without a date: whether the key has expired is told, not refused.
    await key.getPrimaryUser(AT_ANY_TIME, undefined, STRICT);
  } catch {
    throw new InvalidPublicKey(
      'it has no valid self-signature with SHA-256 or stronger; renew it (for instance with gpg --cert-digest-algo SHA512)',
    );
  }
}

async function checkCanSign(key: Key): Promise<void> {
  for (const part of [key, ...key.subkeys]) {
    if (acceptedAlgorithm(part.getAlgorithmInfo()) === undefined) continue;
    if (await isSigningPart(key, part)) return;
  }
  throw new InvalidPublicKey('neither it nor one of its subkeys may sign data');
}

async function isSigningPart(key: Key, part: Key | Subkey): Promise<boolean> {
  return key.getSigningKey(part.getKeyID(), AT_ANY_TIME, undefined, STRICT).then(
    (found) => found.getFingerprint() === part.getFingerprint(),
    () => false,
  );
}

async function describe(key: Key, isRevoked: boolean): Promise<PublicKeyInfo> {
  const expiry = await key.getExpirationTime(undefined, STRICT);
  // What other people certified is of no use to a client and would be sent with every answer.
  for (const user of key.users) user.otherCertifications = [];
  return {
    fingerprint: key.getFingerprint().toUpperCase(),
    keyId: key.getKeyID().toHex().toUpperCase(),
    algorithm: acceptedAlgorithm(key.getAlgorithmInfo())!,
    createdAt: key.getCreationTime(),
    expiresAt: expiry instanceof Date ? expiry : null,
    isRevoked,
    armor: `${key.armor().replaceAll('\r\n', '\n').trim()}\n`,
  };
}
