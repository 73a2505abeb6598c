import {
  createMessage,
  decryptKey,
  generateKey,
  readPrivateKey,
  sign,
  type Config,
  type PrivateKey,
} from 'openpgp';
import type { PublicKeyInfo } from './public-key-info.js';
import { readArmoredPublicKey, STRICT } from './public-key-reader.js';
import { SigningKeyUnusable } from './signatures.errors.js';

const SIGNING: Config = { ...STRICT, nonDeterministicSignaturesViaNotation: false };

/**
 * A private OpenPGP key held in memory that makes detached binary signatures. Signing needs no network and
 * takes a few milliseconds.
 */
export class OpenPgpSigner {
  private constructor(
    private readonly privateKey: PrivateKey,
    /** The public part, as clients get it. */
    readonly publicKey: PublicKeyInfo,
  ) {}

  /**
   * Makes a new RSA key (4096 bits) that never expires and can only sign, and gives it as unencrypted armor:
   * the caller seals it. Takes 1 to 4 s in a thread of its own; the event loop stays free.
   */
  static async generate(name: string, bits = 4096): Promise<{ privateArmor: string; publicArmor: string }> {
    const pair = await generateKey({
      type: 'rsa',
      rsaBits: bits,
      userIDs: { name },
      subkeys: [],
      format: 'armored',
      config: SIGNING,
    });
    return { privateArmor: pair.privateKey, publicArmor: pair.publicKey };
  }

  /** Loads an armored private key. Throws {@link SigningKeyUnusable}, saying what to change. */
  static async load(armor: string, passphrase?: string): Promise<OpenPgpSigner> {
    const read = await readPrivateKey({ armoredKey: armor, config: STRICT }).catch(() => {
      throw new SigningKeyUnusable(
        'expected one ASCII-armored private key (gpg --armor --export-secret-keys)',
      );
    });
    const privateKey = read.isDecrypted() ? read : await decrypt(read, passphrase);
    const { info } = await readArmoredPublicKey(privateKey.toPublic().armor()).catch((error: Error) => {
      throw new SigningKeyUnusable(error.message);
    });
    const signer = new OpenPgpSigner(privateKey, info);
    await signer.sign(Buffer.from('a trial'));
    return signer;
  }

  /** A detached binary signature over exactly the bytes of `data`. Throws {@link SigningKeyUnusable}. */
  async sign(data: Buffer): Promise<Buffer> {
    const signature = await sign({
      message: await createMessage({ binary: new Uint8Array(data) }),
      signingKeys: this.privateKey,
      detached: true,
      format: 'binary',
      config: SIGNING,
    }).catch(() => {
      throw new SigningKeyUnusable('it is expired, revoked, or not allowed to sign');
    });
    return Buffer.from(signature as Uint8Array);
  }
}

async function decrypt(privateKey: PrivateKey, passphrase: string | undefined): Promise<PrivateKey> {
  if (passphrase === undefined) throw new SigningKeyUnusable('it is encrypted; set its passphrase');
  return decryptKey({ privateKey, passphrase, config: STRICT }).catch(() => {
    throw new SigningKeyUnusable('its passphrase is wrong');
  });
}
