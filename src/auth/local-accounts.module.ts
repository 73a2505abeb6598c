import { Module } from '@nestjs/common';
import { OrgsModule } from '../orgs/orgs.module.js';
import { PasswordHash } from '../platform/crypto/password-hash.js';
import { LocalSignInController } from './http/local-sign-in.controller.js';
import { LocalAccounts } from './local-accounts.service.js';
import { LocalPasswords } from './local-passwords.service.js';
import { LocalCredentialEntity } from './persistence/local-credential.entity.js';
import { LocalCredentialsRepository } from './persistence/local-credentials.repository.js';
import { SessionsModule } from './sessions.module.js';

/** Accounts with a password of this registry. Table `local_credentials`. Needs users and sessions. */
@Module({
  imports: [OrgsModule, SessionsModule],
  controllers: [LocalSignInController],
  providers: [LocalCredentialsRepository, PasswordHash, LocalPasswords, LocalAccounts],
  exports: [LocalAccounts],
})
export class LocalAccountsModule {
  static readonly entities: Function[] = [LocalCredentialEntity];
}
