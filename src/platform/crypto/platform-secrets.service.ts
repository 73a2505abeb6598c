import { Injectable } from '@nestjs/common';
import { PlatformSecretsRepository } from './persistence/platform-secrets.repository.js';
import { SecretBox } from './secret-box.js';

/** Where the sealed secret of this name belongs. */
export function platformSecretAad(name: string): string {
  return `platform_secrets/${name}`;
}

/**
 * Secrets that the server makes for itself, stored sealed: the pepper of API keys, the registry's signing
 * key. They are random and independent of every configured secret, so rotating those changes nothing here.
 */
@Injectable()
export class PlatformSecrets {
  constructor(
    private readonly secrets: PlatformSecretsRepository,
    private readonly box: SecretBox,
  ) {}

  /**
   * The secret called `name`; when there is none yet, what `make` gives is stored. Of several processes that
   * do this at once one wins and all get its secret. Throws `SecretUnreadable` when the encryption key that
   * sealed it is not configured.
   */
  async getOrCreate(name: string, make: () => Buffer | Promise<Buffer>): Promise<Buffer> {
    const aad = platformSecretAad(name);
    const existing = await this.secrets.find(name);
    if (existing !== undefined) return this.box.open(existing, aad);
    await this.secrets.addIfAbsent(name, this.box.seal(await make(), aad));
    const stored = await this.secrets.find(name);
    if (stored === undefined) throw new Error(`The secret ${name} was removed while it was created.`);
    return this.box.open(stored, aad);
  }
}
