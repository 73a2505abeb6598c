import { Injectable } from '@nestjs/common';
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { SecretsConfig } from '../../config/secrets.config.js';
import { SecretUnreadable } from './crypto.errors.js';

const FORMAT = 1;
const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES;
const CIPHERTEXT_AT = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;

interface BoxKey {
  readonly id: Buffer;
  readonly key: Buffer;
}

/**
 * Encrypts secrets for storage: AES-256-GCM, a random 96-bit nonce for each box. A box is the format number
 * (1 byte), the id of the key (8), nonce (12), tag (16) and ciphertext. The caller's `aad` says where the box
 * belongs, for instance `platform_secrets/pepper`: opened under another one it fails, so boxes cannot be
 * swapped. The configured key seals; it and the previous keys open.
 */
@Injectable()
export class SecretBox {
  private readonly keys: readonly BoxKey[];

  constructor(secrets: SecretsConfig) {
    const keys = [secrets.encryptionKey, ...secrets.previousEncryptionKeys];
    this.keys = keys.map((key) => ({ id: keyIdOf(key), key }));
  }

  /** A box that only `open` with the same `aad` opens. */
  seal(plaintext: Buffer, aad: string): Buffer {
    const { id, key } = this.keys[0]!;
    const header = Buffer.concat([Buffer.of(FORMAT), id]);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.concat([header, Buffer.from(aad)]));
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Buffer.concat([header, nonce, cipher.getAuthTag(), ciphertext]);
  }

  /** Whether `box` is sealed under the configured key and not under a previous one. */
  isCurrent(box: Buffer): boolean {
    return box.subarray(1, HEADER_BYTES).equals(this.keys[0]!.id);
  }

  /** What `seal` was given. Throws {@link SecretUnreadable} for another key, another `aad` or a changed box. */
  open(box: Buffer, aad: string): Buffer {
    if (box.length < CIPHERTEXT_AT || box[0] !== FORMAT) throw new SecretUnreadable();
    const header = box.subarray(0, HEADER_BYTES);
    const known = this.keys.find(({ id }) => id.equals(header.subarray(1)));
    if (known === undefined) throw new SecretUnreadable();
    const nonce = box.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', known.key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.concat([header, Buffer.from(aad)]));
    decipher.setAuthTag(box.subarray(HEADER_BYTES + NONCE_BYTES, CIPHERTEXT_AT));
    try {
      return Buffer.concat([decipher.update(box.subarray(CIPHERTEXT_AT)), decipher.final()]);
    } catch {
      throw new SecretUnreadable();
    }
  }
}

function keyIdOf(key: Buffer): Buffer {
  return createHmac('sha256', key).update('secret-box key id').digest().subarray(0, KEY_ID_BYTES);
}
