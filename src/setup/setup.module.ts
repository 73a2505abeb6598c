import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { OrgsModule } from '../orgs/orgs.module.js';
import { SetupApiController } from './http/setup-api.controller.js';
import { SetupGuard } from './http/setup.guard.js';
import { SetupStateEntity } from './persistence/setup-state.entity.js';
import { SetupStateRepository } from './persistence/setup-state.repository.js';
import { SetupAdministrator } from './setup-administrator.service.js';
import { SetupStart } from './setup-start.service.js';
import { SetupStorage } from './setup-storage.service.js';
import { SetupSteps } from './setup-steps.service.js';
import { SetupTokens } from './setup-token.service.js';
import { Setup } from './setup.service.js';

/**
 * The first-run setup: a one-time token, a few steps, and an end after which its routes are closed for good.
 * Routes `/api/v1/setup/…`; table `setup_state`. Needs sign-in, organizations and storage.
 */
@Module({
  imports: [AuthModule, OrgsModule],
  controllers: [SetupApiController],
  providers: [
    SetupStateRepository,
    SetupTokens,
    SetupSteps,
    SetupAdministrator,
    SetupStorage,
    Setup,
    SetupStart,
    SetupGuard,
  ],
  exports: [SetupStart],
})
export class SetupModule {
  static readonly entities: Function[] = [SetupStateEntity];
}
