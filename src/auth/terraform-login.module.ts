import { Module } from '@nestjs/common';
import { OrgsModule } from '../orgs/orgs.module.js';
import { AuthModule } from './auth.module.js';
import { BrowserCookies } from './browser-cookies.js';
import { OAuthController } from './http/oauth.controller.js';
import { SessionCookies } from './http/session-cookies.js';
import { OidcModule } from './oidc.module.js';
import { LoginCodeEntity } from './persistence/login-code.entity.js';
import { LoginCodesRepository } from './persistence/login-codes.repository.js';
import { TerraformLoginOffer } from './terraform-login-offer.service.js';
import { TerraformLoginProposals } from './terraform-login-proposals.service.js';
import { TerraformLogin } from './terraform-login.service.js';

/**
 * `terraform login` and `tofu login`. Route `/api/v1/oauth/token`; the page on which somebody agrees belongs to `web/`.
 * Table `login_codes`.
 */
@Module({
  imports: [AuthModule, OidcModule, OrgsModule],
  controllers: [OAuthController],
  providers: [
    LoginCodesRepository,
    TerraformLogin,
    TerraformLoginOffer,
    TerraformLoginProposals,
    { provide: BrowserCookies, useExisting: SessionCookies },
  ],
  exports: [BrowserCookies, TerraformLogin, TerraformLoginOffer],
})
export class TerraformLoginModule {
  static readonly entities: Function[] = [LoginCodeEntity];
}
