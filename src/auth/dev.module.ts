import { Module } from '@nestjs/common';
import { OrgsModule } from '../orgs/orgs.module.js';
import { DevAccounts } from './dev-accounts.service.js';
import { DevSignIn } from './dev-sign-in.service.js';
import { DevController } from './http/dev.controller.js';
import { SessionsModule } from './sessions.module.js';

/**
 * Signing in without proof. The root module imports this in development mode only (threat B17), so that without it
 * there is neither a route nor a service. Makes the user `admin@dev.local` when the application starts. No tables.
 */
@Module({
  imports: [OrgsModule, SessionsModule],
  controllers: [DevController],
  providers: [DevAccounts, DevSignIn],
})
export class DevModule {}
