import { Module, type OnModuleInit } from '@nestjs/common';
import { OrgsModule } from '../orgs/orgs.module.js';
import { SealedColumns } from '../platform/crypto/sealed-columns.service.js';
import { JobRegistry } from '../platform/jobs/job-registry.js';
import { Scheduler } from '../platform/jobs/scheduler.js';
import { OutboundHttp } from '../platform/outbound-http/outbound-http.js';
import { EntraIdIdentityProvider } from './adapters/entra-id/entra-id-identity-provider.js';
import { OidcIdentityProvider } from './adapters/oidc/oidc-identity-provider.js';
import { BackChannelLogout } from './back-channel-logout.service.js';
import { GroupRoles } from './group-roles.service.js';
import { GroupSync } from './group-sync.service.js';
import { BackChannelLogoutController } from './http/back-channel-logout.controller.js';
import { OidcAdminApiController } from './http/oidc-admin-api.controller.js';
import { SignInController } from './http/sign-in.controller.js';
import { Frontend } from './frontend.service.js';
import { IdentityProviders } from './identity-providers.js';
import { CLIENT_SECRETS, IdentitySettingsStore } from './identity-settings-store.service.js';
import { IdentitySettings } from './identity-settings.service.js';
import { SyncGroupsJob } from './jobs/sync-groups.job.js';
import { LogoutTokenVerifier } from './logout-token-verifier.service.js';
import { OidcAdministration } from './oidc-administration.service.js';
import { OidcArrival } from './oidc-arrival.service.js';
import { OidcEndSession } from './oidc-end-session.service.js';
import { OidcOffers } from './oidc-offers.service.js';
import { OidcSignIn } from './oidc-sign-in.service.js';
import { IdentityGroupSettingsEntity } from './persistence/identity-group-settings.entity.js';
import { IdentitySettingsEntity } from './persistence/identity-settings.entity.js';
import { IdentitySettingsRepository } from './persistence/identity-settings.repository.js';
import { SessionRenewalsRepository } from './persistence/session-renewals.repository.js';
import { SignInStateEntity } from './persistence/sign-in-state.entity.js';
import { SignInStatesRepository } from './persistence/sign-in-states.repository.js';
import { UsedTokenIdsRepository } from './persistence/used-token-ids.repository.js';
import { EndSessionUrl } from './ports/end-session-url.js';
import { SessionRenewals } from './session-renewals.service.js';
import { SessionsModule } from './sessions.module.js';

/**
 * Sign-in in a browser with OpenID Connect or Azure AD, and its administration. Routes `/api/v1/auth/login`,
 * `…/callback`, `…/providers`, `…/backchannel-logout` and `/api/v1/admin/oidc`. Tables `identity_settings`,
 * `identity_group_settings`, `sign_in_states`. Needs users, sessions, jobs and the outbound client; a job reads the
 * groups of people who are signed in again.
 */
@Module({
  imports: [OrgsModule, SessionsModule],
  controllers: [SignInController, BackChannelLogoutController, OidcAdminApiController],
  providers: [
    {
      provide: IdentityProviders,
      useFactory: (http: OutboundHttp) =>
        new IdentityProviders({
          generic_oidc: new OidcIdentityProvider(http),
          azuread: new EntraIdIdentityProvider(http),
        }),
      inject: [OutboundHttp],
    },
    IdentitySettingsRepository,
    SignInStatesRepository,
    UsedTokenIdsRepository,
    BackChannelLogout,
    IdentitySettingsStore,
    IdentitySettings,
    GroupRoles,
    GroupSync,
    LogoutTokenVerifier,
    OidcAdministration,
    OidcArrival,
    Frontend,
    OidcOffers,
    OidcSignIn,
    SessionRenewals,
    SessionRenewalsRepository,
    SyncGroupsJob,
    { provide: EndSessionUrl, useClass: OidcEndSession },
  ],
  exports: [IdentitySettings, GroupRoles, Frontend, EndSessionUrl],
})
export class OidcModule implements OnModuleInit {
  static readonly entities: Function[] = [
    IdentitySettingsEntity,
    IdentityGroupSettingsEntity,
    SignInStateEntity,
  ];

  constructor(
    private readonly sealed: SealedColumns,
    private readonly jobs: JobRegistry,
    private readonly scheduler: Scheduler,
    private readonly syncGroups: SyncGroupsJob,
  ) {}

  onModuleInit(): void {
    const { syncGroups } = this;
    this.sealed.register(CLIENT_SECRETS);
    this.jobs.register(syncGroups);
    if (syncGroups.everyMs > 0) this.scheduler.schedule(syncGroups.name, syncGroups.everyMs, syncGroups);
  }
}
