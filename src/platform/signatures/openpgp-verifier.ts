import { Injectable, Optional } from '@nestjs/common';
import { createMessage, enums, readSignature, SignaturePacket, verify, type Signature } from 'openpgp';
import { Clock, SystemClock } from '../../kernel/clock.js';
import { publicKeyState, type PublicKeyInfo, type PublicKeyState } from './public-key-info.js';
import {
  acceptedAlgorithm,
  readArmoredPublicKey,
  STRICT,
  type ReadablePublicKey,
} from './public-key-reader.js';
import { InvalidSignature } from './signatures.errors.js';

const MAX_SIGNATURE_BYTES = 64 * 1024;
const MAX_SIGNATURES = 16;
/** Clocks of machines that sign differ a little from ours. */
const CLOCK_SKEW_MS = 5 * 60_000;
/** Asks the library for every revocation of a subkey, not for that of one binding. */
const ANY_REVOCATION = null as unknown as SignaturePacket;
const ARMOR = /^\s*-----BEGIN PGP SIGNATURE-----\r?\n(?:(?!-----)[^])*-----END PGP SIGNATURE-----\s*$/;

/** A detached signature that was checked. */
export interface VerifiedSignature {
  /** The key that signed. */
  readonly key: PublicKeyInfo;
  /** `expired`: the signature was made while the key was valid, the key has expired since. */
  readonly keyState: PublicKeyState;
  readonly signedAt: Date;
  /** The signature in binary form; this is what is stored and served. */
  readonly signature: Buffer;
  /** Key ids (16 upper-case hexadecimal digits) of further signatures that were not checked. */
  readonly otherKeyIds: readonly string[];
}

/**
 * Reads OpenPGP public keys and checks detached signatures by the rules that Terraform and OpenTofu can
 * follow (protocol checklist 79 to 82 and 85). What this class accepts, the clients accept.
 */
@Injectable()
export class OpenPgpVerifier {
  constructor(@Optional() private readonly clock: Clock = new SystemClock()) {}

  /**
   * Reads one armored public key: version 4, RSA with at least 2048 bits, EdDSA (Ed25519) or ECDSA on a NIST
   * curve, self-signed with more than SHA-1, able to sign. An expired or revoked key is read and says so.
   * Throws `InvalidPublicKey`.
   */
  async readPublicKey(armor: string): Promise<PublicKeyInfo> {
    return (await readArmoredPublicKey(armor)).info;
  }

  /**
   * Checks that one of the keys (or a signing subkey of it) signed exactly the bytes of `data`. The signature
   * may be armored; it must be detached and in binary mode. A signature made while the key was valid counts
   * after its expiry. Throws `InvalidSignature` when no signature counts, when one by a given key is wrong,
   * or when the key was revoked; `InvalidPublicKey` for an unusable key.
   */
  async verifyDetached(input: {
    data: Buffer;
    signature: Buffer;
    armor: string | readonly string[];
  }): Promise<VerifiedSignature> {
    const armors = typeof input.armor === 'string' ? [input.armor] : input.armor;
    const keys = await Promise.all(armors.map((armor) => readArmoredPublicKey(armor)));
    const parsed = await parseDetached(input.signature);
    const candidates = packetsOf(parsed).map((packet) => ({ packet, signer: signerOf(packet, keys) }));
    const first = candidates.find(({ signer }) => signer !== undefined);
    if (first?.signer === undefined) {
      const keyIds = candidates.map(({ packet }) => keyIdOf(packet)).join(', ');
      throw new InvalidSignature(`the signature was made with another key (${keyIds})`);
    }
    for (const [index, { packet, signer }] of candidates.entries()) {
      if (signer === undefined) continue;
      await this.checkSigner(packet, signer);
      await this.checkBytes(parsed, index, signer, input.data);
    }
    return {
      key: first.signer.info,
      keyState: publicKeyState(first.signer.info, this.clock.now()),
      signedAt: first.packet.created!,
      signature: Buffer.from(parsed.write() as Uint8Array),
      otherKeyIds: candidates.filter((one) => one.signer === undefined).map((one) => keyIdOf(one.packet)),
    };
  }

  private async checkSigner(packet: SignaturePacket, { key, info }: ReadablePublicKey): Promise<void> {
    if (info.isRevoked) throw new InvalidSignature(`the key ${info.keyId} is revoked; sign with another key`);
    const part = key.getKeys(packet.issuerKeyID)[0]!;
    if (acceptedAlgorithm(part.getAlgorithmInfo()) === undefined) {
      throw new InvalidSignature('it is signed by a subkey that clients cannot verify; use RSA or Ed25519');
    }
    const subkey = key.getSubkeys(packet.issuerKeyID)[0];
    const now = this.clock.now();
    if (subkey !== undefined && (await subkey.isRevoked(ANY_REVOCATION, key.keyPacket, now, STRICT))) {
      throw new InvalidSignature(`the subkey ${keyIdOf(packet)} is revoked; sign with another key`);
    }
    if (STRICT.rejectMessageHashAlgorithms.has(packet.hashAlgorithm!)) {
      throw new InvalidSignature('the signature uses SHA-1 or MD5; sign with --digest-algo SHA512');
    }
  }

  private async checkBytes(
    signature: Signature,
    index: number,
    { key, info }: ReadablePublicKey,
    data: Buffer,
  ): Promise<void> {
    const result = await verify({
      message: await createMessage({ binary: new Uint8Array(data) }),
      signature,
      verificationKeys: key,
      date: new Date(this.clock.now().getTime() + CLOCK_SKEW_MS),
      format: 'binary',
      config: STRICT,
    });
    const verification = result.signatures[index];
    if (verification === undefined) throw new InvalidSignature('the signature does not match the file');
    await verification.verified.catch((error: unknown) => {
      throw new InvalidSignature(explain(error, info));
    });
  }
}

async function parseDetached(bytes: Buffer): Promise<Signature> {
  if (bytes.length === 0) throw new InvalidSignature('the signature is empty');
  if (bytes.length > MAX_SIGNATURE_BYTES) throw new InvalidSignature('the signature is larger than 64 KiB');
  const text = bytes.toString('latin1');
  if (text.includes('BEGIN PGP SIGNED MESSAGE')) {
    throw new InvalidSignature('it is a cleartext signature; make a detached one (gpg --detach-sign)');
  }
  const isArmored = text.includes('-----BEGIN PGP');
  if (isArmored && !ARMOR.test(text)) {
    throw new InvalidSignature('expected one detached signature and nothing else (gpg --detach-sign)');
  }
  const source = isArmored ? { armoredSignature: text.trim() } : { binarySignature: new Uint8Array(bytes) };
  const signature = await readSignature({
    ...source,
    config: { ...STRICT, ignoreUnsupportedPackets: false },
  } as Parameters<typeof readSignature>[0]).catch(() => {
    throw new InvalidSignature('the signature is not a detached OpenPGP signature (gpg --detach-sign)');
  });
  checkForm(signature);
  return signature;
}

function checkForm(signature: Signature): void {
  const packets = packetsOf(signature);
  if (packets.length === 0 || packets.length !== signature.packets.length) {
    throw new InvalidSignature('the signature is not a detached OpenPGP signature (gpg --detach-sign)');
  }
  if (packets.length > MAX_SIGNATURES) {
    throw new InvalidSignature(`the file holds more than ${MAX_SIGNATURES} signatures`);
  }
  for (const packet of packets) {
    if (packet.version !== 4) throw new InvalidSignature('clients read only version 4 signatures');
    if (packet.signatureType !== enums.signature.binary) {
      throw new InvalidSignature(
        'the signature is in text mode; sign the file in binary mode (gpg --detach-sign)',
      );
    }
  }
}

function packetsOf(signature: Signature): SignaturePacket[] {
  return [...signature.packets].filter((packet) => packet instanceof SignaturePacket);
}

function signerOf(
  packet: SignaturePacket,
  keys: readonly ReadablePublicKey[],
): ReadablePublicKey | undefined {
  const fingerprint = packet.issuerFingerprint && Buffer.from(packet.issuerFingerprint).toString('hex');
  return keys.find(({ key }) =>
    key.getKeys(packet.issuerKeyID).some((part) => !fingerprint || part.getFingerprint() === fingerprint),
  );
}

function keyIdOf(packet: SignaturePacket): string {
  return packet.issuerKeyID.toHex().toUpperCase();
}

function explain(error: unknown, info: PublicKeyInfo): string {
  const text = error instanceof Error ? error.message : '';
  if (/expired/i.test(text)) return `the signature or the key ${info.keyId} had expired when it was made`;
  if (/in the future|newer than/i.test(text))
    return 'the signature was made before its key, or in the future';
  if (/signing key packet|key flags|valid subkey binding/i.test(text)) {
    return `the key ${info.keyId} was not allowed to sign when the signature was made`;
  }
  return 'the signature does not match the file';
}
