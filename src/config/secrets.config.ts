import { Setting } from './setting.decorator.js';

/** The secrets of the process and development mode. */
export class SecretsConfig {
  @Setting({
    env: 'ENCRYPTION_KEY',
    synonyms: ['TFR_ENCRYPTION_KEY'],
    type: 'encryption-key',
    defaultText: 'required; generated with the embedded engine and in development mode',
    description:
      'Protects stored secrets with AES-256-GCM. Exactly 32 characters, or base64:… or hex:… of 32 bytes.',
  })
  readonly encryptionKey!: Buffer;

  @Setting({
    env: 'TFR_ENCRYPTION_KEY_PREVIOUS',
    type: 'encryption-key-list',
    description: 'Older encryption keys, tried for decryption only.',
  })
  readonly previousEncryptionKeys: Buffer[] = [];

  @Setting({
    env: 'TFR_JWT_SECRET',
    type: 'secret',
    defaultText: 'required; generated with the embedded engine and in development mode',
    description:
      'Signs access tokens and derives the key for file URLs unless that is set. At least 32 characters.',
  })
  readonly jwtSecret!: string;

  @Setting({
    env: 'TFR_JWT_SECRET_PREVIOUS',
    type: 'secret-list',
    description: 'Older secrets, accepted for verification during a change.',
  })
  readonly previousJwtSecrets: string[] = [];

  @Setting({
    env: 'DEV_MODE',
    synonyms: ['TFR_DEV_MODE'],
    type: 'bool',
    description:
      'Development mode: loopback address and generated secrets. Refused when the public URL is https on a host that is not local.',
  })
  readonly devMode: boolean = false;
}
