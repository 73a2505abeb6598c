import { Injectable, type OnModuleInit } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { AuthConfig } from '../config/auth.config.js';
import { PlatformSecrets } from '../platform/crypto/platform-secrets.service.js';
import { keyedDigest } from '../platform/crypto/token-hash.js';
import { ApiKeyToken } from './domain/api-key-token.js';

const PEPPER = 'api_key_pepper';
const PEPPER_BYTES = 32;

/**
 * Digests of API keys under a server-wide pepper (threat A1), so that neither the database nor a backup of it
 * holds anything that could be used or guessed.
 */
@Injectable()
export class KeyDigests implements OnModuleInit {
  private pepper: Buffer | undefined;

  constructor(
    private readonly secrets: PlatformSecrets,
    private readonly config: AuthConfig,
  ) {}

  /** Reads the pepper, so that a wrong encryption key stops the start and not the first request. */
  async onModuleInit(): Promise<void> {
    await this.of('');
  }

  /** The digest of a key, 32 bytes. */
  async of(token: string): Promise<Buffer> {
    this.pepper ??= await this.secrets.getOrCreate(PEPPER, () => randomBytes(PEPPER_BYTES));
    return keyedDigest(this.pepper, token);
  }

  /** A new random key with the configured prefix, and its digest. */
  async generate(): Promise<{ token: ApiKeyToken; digest: Buffer }> {
    const token = ApiKeyToken.generate(this.config.apiKeyPrefix);
    return { token, digest: await this.of(token.text) };
  }
}
