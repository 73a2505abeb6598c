import { Global, Module } from '@nestjs/common';
import { PlatformSecretEntity } from './persistence/platform-secret.entity.js';
import { PlatformSecretsRepository } from './persistence/platform-secrets.repository.js';
import { SealedColumnsRepository } from './persistence/sealed-columns.repository.js';
import { platformSecretAad, PlatformSecrets } from './platform-secrets.service.js';
import { SealedColumns } from './sealed-columns.service.js';
import { SecretBox } from './secret-box.js';

/**
 * Encryption of stored secrets and the secrets that the server makes for itself. No routes; table
 * `platform_secrets`. Needs the global configuration and database modules. Global, as technical services are.
 */
@Global()
@Module({
  providers: [SecretBox, PlatformSecretsRepository, PlatformSecrets, SealedColumnsRepository, SealedColumns],
  exports: [SecretBox, PlatformSecrets, SealedColumns],
})
export class CryptoModule {
  static readonly entities: Function[] = [PlatformSecretEntity];

  constructor(columns: SealedColumns) {
    columns.register({
      table: 'platform_secrets',
      id: 'name',
      column: 'ciphertext',
      aadOf: platformSecretAad,
    });
  }
}
