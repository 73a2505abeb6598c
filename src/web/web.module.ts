import { type DynamicModule, Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { OidcModule } from '../auth/oidc.module.js';
import { TerraformLoginModule } from '../auth/terraform-login.module.js';
import type { WebConfig } from '../config/web.config.js';
import { ModulesModule } from '../modules/modules.module.js';
import { OrgsModule } from '../orgs/orgs.module.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { SearchModule } from '../search/search.module.js';
import { PageErrors } from './page-errors.filter.js';
import { AccountPage } from './pages/account.page.js';
import { AssetsPage } from './pages/assets.page.js';
import { AuthCallbackPage } from './pages/auth-callback.page.js';
import { ChangePasswordPage } from './pages/change-password.page.js';
import { ConsentPage } from './pages/consent.page.js';
import { HomePage } from './pages/home.page.js';
import { ModulePage } from './pages/module.page.js';
import { ProviderPage } from './pages/provider.page.js';
import { SearchPage } from './pages/search.page.js';
import { SignInPage } from './pages/sign-in.page.js';
import { Pages } from './pages.service.js';
import { SignInOptions } from './sign-in-options.service.js';
import { StyleSheet } from './style-sheet.js';
import { WebSessions } from './web-sessions.service.js';

/** Part of the login protocol, whoever has the other pages. */
const LOGIN_PAGES = [ConsentPage, AssetsPage];
const OTHER_PAGES = [
  HomePage,
  SearchPage,
  ModulePage,
  ProviderPage,
  SignInPage,
  ChangePasswordPage,
  AuthCallbackPage,
  AccountPage,
];

/**
 * The pages of this server, rendered here and without scripts. No tables. With `web.enabled = false` those of
 * `terraform login` are left.
 */
@Module({})
export class WebModule {
  static forRoot({ enabled }: WebConfig): DynamicModule {
    return {
      module: WebModule,
      imports: [
        AuthModule,
        OidcModule,
        TerraformLoginModule,
        OrgsModule,
        SearchModule,
        ModulesModule,
        ProvidersModule,
      ],
      controllers: enabled ? [...LOGIN_PAGES, ...OTHER_PAGES] : LOGIN_PAGES,
      providers: [PageErrors, Pages, SignInOptions, StyleSheet, WebSessions],
    };
  }
}
