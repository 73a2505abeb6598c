import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { PublishingConfig } from '../config/publishing.config.js';
import { PlatformSecrets } from '../platform/crypto/platform-secrets.service.js';
import { OpenPgpSigner } from '../platform/signatures/openpgp-signer.js';
import type { PublicKeyInfo } from '../platform/signatures/public-key-info.js';

const SECRET_NAME = 'registry-signing-key';
const KEY_OWNER = 'Terraform registry';

/** A signature made on behalf of a publisher who sent none. */
export interface RegistrySignature {
  /** Binary detached OpenPGP signature. */
  readonly signature: Buffer;
  readonly keyFingerprint: string;
  readonly keyArmor: string;
}

/**
 * The registry's own OpenPGP key: the configured one, else an RSA key of 4096 bits that is made at the first
 * start and stored encrypted. It signs the checksum documents of providers whose publisher does not sign,
 * because clients refuse providers without a signature.
 */
@Injectable()
export class RegistrySigning implements BeforeApplicationShutdown {
  private readonly logger = new Logger('RegistrySigning');
  private loading: Promise<OpenPgpSigner> | undefined;
  private isClosing = false;

  constructor(
    private readonly config: PublishingConfig,
    private readonly secrets: PlatformSecrets,
  ) {}

  /**
   * Makes or loads the key in the background, called once the server listens: it takes seconds, and nobody
   * needs it before the first provider.
   */
  prepare(): void {
    this.signer().catch((error: Error) => {
      if (!this.isClosing) this.logger.error(`The signing key is not available: ${error.message}`);
    });
  }

  /** A process that ends before its key is made makes it at the next start; that is no failure. */
  beforeApplicationShutdown(): void {
    this.isClosing = true;
  }

  /** @throws SigningKeyUnusable, SecretUnreadable */
  async sign(data: Buffer): Promise<RegistrySignature> {
    const signer = await this.signer();
    const { fingerprint, armor } = signer.publicKey;
    return { signature: await signer.sign(data), keyFingerprint: fingerprint, keyArmor: armor };
  }

  /** The public part, as clients and people get it. */
  async publicKey(): Promise<PublicKeyInfo> {
    return (await this.signer()).publicKey;
  }

  private signer(): Promise<OpenPgpSigner> {
    this.loading ??= this.load().catch((error: unknown) => {
      this.loading = undefined;
      throw error;
    });
    return this.loading;
  }

  private async load(): Promise<OpenPgpSigner> {
    const { signingKey, signingKeyPassphrase } = this.config;
    if (signingKey) return OpenPgpSigner.load(signingKey, signingKeyPassphrase);
    const stored = await this.secrets.getOrCreate(SECRET_NAME, async () => {
      const made = await OpenPgpSigner.generate(KEY_OWNER);
      return Buffer.from(made.privateArmor);
    });
    return OpenPgpSigner.load(stored.toString());
  }
}
