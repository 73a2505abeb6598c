import { Injectable } from '@nestjs/common';
import { scopesIn } from '../access/authority.js';
import { intersectScopes, type Scope } from '../access/scope.js';
import { AuthConfig } from '../config/auth.config.js';
import { LoginConfig } from '../config/login.config.js';
import { UserAuthority } from '../orgs/user-authority.service.js';
import { NothingToGrant } from './domain/terraform-login.errors.js';
import { LoginCodesRepository, type PrimaryOrganization } from './persistence/login-codes.repository.js';

/** What somebody is asked to agree to. */
export interface LoginProposal {
  readonly organization: PrimaryOrganization;
  readonly scopes: readonly Scope[];
  /** How long the token lives, in milliseconds; `undefined` without an end. */
  readonly tokenLifeMs: number | undefined;
}

/** What a token of `terraform login` would be for a user: organization, scopes and life (REST contract 6.5). */
@Injectable()
export class TerraformLoginProposals {
  constructor(
    private readonly codes: LoginCodesRepository,
    private readonly users: UserAuthority,
    private readonly config: LoginConfig,
    private readonly auth: AuthConfig,
  ) {}

  /** How long a token lives, within `auth.api_keys.max_lifetime`; `undefined` without an end. */
  get tokenLifeMs(): number | undefined {
    const lives = [this.config.tokenTtlMs, this.auth.apiKeyMaxLifetimeMs].filter((lifeMs) => lifeMs > 0);
    return lives.length === 0 ? undefined : Math.min(...lives);
  }

  /**
   * The organization is the default one where the user belongs to it, else the one they have belonged to for longest;
   * the scopes are those configured that the user holds there. Throws {@link NothingToGrant}.
   */
  async of(userId: string): Promise<LoginProposal> {
    const organization = await this.codes.primaryOrganizationOf(userId);
    const { value: user } = await this.users.of(userId);
    if (organization === undefined || user === undefined) throw NothingToGrant.withoutOrganization();
    const wanted = this.config.scopes as Scope[];
    const scopes = intersectScopes(wanted, scopesIn(user.authority, organization.id));
    if (scopes.length === 0) throw NothingToGrant.withoutScopes(organization.displayName, wanted);
    return { organization, scopes, tokenLifeMs: this.tokenLifeMs };
  }
}
