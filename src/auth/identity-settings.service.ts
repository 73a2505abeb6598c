import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { isSafeIssuer } from '../config/sign-in-rules.js';
import { DomainError } from '../kernel/errors.js';
import { FieldErrors } from '../kernel/field-errors.js';
import type {
  GroupSettings,
  ProviderClient,
  ProviderId,
  ProviderType,
  SignInConfiguration,
} from './domain/sign-in-provider.js';
import { AZURE_AD_NAME, FILE_AZURE_AD, FILE_OIDC, fileGroups, fileSignIn } from './file-sign-in.js';
import { IdentityProviders } from './identity-providers.js';
import { IdentitySettingsStore, type KeptIdentity } from './identity-settings-store.service.js';

/** Under this id the configuration of file and environment is shown (REST contract 26). */
const FILE_CONFIGURATION_ID = '00000000-0000-0000-0000-000000000000';
const CALLBACK = '/api/v1/auth/callback';
const DEFAULT_NAME = 'default';
const DEFAULT_SCOPES = ['openid', 'email', 'profile'];

/** An identity provider as an administrator enters it (`OidcInput` of REST contract 4). */
export interface IdentityInput {
  readonly name?: string | undefined;
  readonly providerType: ProviderType;
  readonly issuerUrl: string;
  readonly clientId: string;
  /** `''`: that of the stored configuration for the same client. */
  readonly clientSecret: string;
  readonly redirectUrl: string;
  readonly scopes?: readonly string[] | undefined;
  readonly extraConfig?: Record<string, unknown> | undefined;
}

/** A configuration as it is shown: without its secret (`OidcConfig` of REST contract 4). */
export interface ShownConfiguration extends GroupSettings {
  readonly id: string;
  readonly name: string;
  readonly providerType: ProviderType;
  readonly issuerUrl: string;
  readonly clientId: string;
  readonly redirectUrl: string;
  readonly scopes: readonly string[];
  readonly isActive: boolean;
  readonly extraConfig: Record<string, unknown> | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly createdBy: string | null;
  readonly updatedBy: string | null;
}

/** What a test of an identity provider found. */
export interface IdentityTest {
  readonly success: boolean;
  readonly message: string;
  readonly issuer?: string;
}

/** Which identity providers people sign in with: a stored active configuration wins over file and environment. */
@Injectable()
export class IdentitySettings {
  private readonly readFileAt = new Date();

  constructor(
    private readonly identities: IdentitySettingsStore,
    private readonly providers: IdentityProviders,
    private readonly config: AppConfig,
  ) {}

  /**
   * The configuration that `provider` means now (REST contract 9.2): `oidc` is the active stored one of either type,
   * else that of the file; `azuread` is that of the file, else an active stored one of that type.
   */
  async active(provider: ProviderId): Promise<SignInConfiguration | undefined> {
    const kept = await this.identities.findActive();
    const stored = kept && this.configurationOf(kept);
    const file = fileSignIn(provider, this.config);
    const storedAzureAd = stored?.providerType === 'azuread' ? stored : undefined;
    const chosen = provider === 'oidc' ? (stored ?? file) : (file ?? storedAzureAd);
    return chosen && this.withGroups(chosen);
  }

  /** The configuration with which a session began, as long as it is known. */
  async find(id: string): Promise<SignInConfiguration | undefined> {
    if (id === FILE_OIDC) return fileSignIn('oidc', this.config);
    if (id === FILE_AZURE_AD) return fileSignIn('azuread', this.config);
    const kept = await this.identities.find(id);
    return kept && this.configurationOf(kept);
  }

  /**
   * The configuration in use now with which a session that began with the configuration `id` is renewed: of the same
   * issuer and client, since a refresh token is good for nobody else.
   */
  async renewing(provider: ProviderId, id: string): Promise<SignInConfiguration | undefined> {
    const active = await this.active(provider);
    if (active === undefined || active.id === id) return active;
    const began = await this.find(id);
    const isSame = began?.clientId === active.clientId && isSameIssuer(began.issuerUrl, active.issuerUrl);
    return isSame ? active : undefined;
  }

  /**
   * The configurations of this issuer and one of these clients, active or not: sessions that began with an earlier one
   * live on. Their secrets are not looked at.
   */
  async clientsOf(issuer: string, clientIds: readonly string[]): Promise<ProviderClient[]> {
    const files = (['oidc', 'azuread'] as const).flatMap((name) => fileSignIn(name, this.config) ?? []);
    const known: ProviderClient[] = [...files, ...(await this.identities.listClients())];
    return known
      .filter(({ issuerUrl, clientId }) => isSameIssuer(issuerUrl, issuer) && clientIds.includes(clientId))
      .map(({ id, providerType, issuerUrl, clientId }) => ({ id, providerType, issuerUrl, clientId }));
  }

  /** Whether anybody can sign in with an identity provider. */
  async isAnyConfigured(): Promise<boolean> {
    return (await this.active('oidc')) !== undefined || (await this.active('azuread')) !== undefined;
  }

  /** The configuration that administrators are shown: the stored one, else that of the file. */
  async shown(): Promise<ShownConfiguration | undefined> {
    const active = (await this.active('oidc')) ?? (await this.active('azuread'));
    if (active === undefined) return undefined;
    const kept = active.id.startsWith('file:') ? undefined : await this.identities.find(active.id);
    const id = groupsIdOf(active.id);
    const groups = await this.identities.findGroups(id);
    const { clientSecret: _secret, displayName: _name, ...facts } = active;
    return {
      ...facts,
      id,
      name: kept?.name ?? DEFAULT_NAME,
      isActive: true,
      extraConfig: kept?.extraConfig ?? null,
      createdAt: kept?.createdAt ?? this.readFileAt,
      updatedAt: groups?.updatedAt ?? kept?.updatedAt ?? this.readFileAt,
      createdBy: kept?.createdBy ?? null,
      updatedBy: groups?.updatedBy ?? null,
    };
  }

  /**
   * Stores a configuration and makes it the active one; others become inactive, in every process. `createdBy` is the
   * user who did it, if there is one. Throws `InvalidInput`.
   */
  async store(input: IdentityInput, createdBy: string | null = null): Promise<ShownConfiguration> {
    this.check(input);
    const kept = await this.identities.addActive({
      name: input.name || DEFAULT_NAME,
      providerType: input.providerType,
      issuerUrl: input.issuerUrl,
      clientId: input.clientId,
      clientSecret: await this.secretFor(input),
      redirectUrl: input.redirectUrl,
      scopes: input.scopes ?? DEFAULT_SCOPES,
      extraConfig: input.extraConfig ?? null,
      createdBy,
    });
    const { clientSecret: _secret, ...facts } = kept;
    return { ...facts, ...fileGroups(this.config.oidc), isActive: true, updatedBy: null };
  }

  /** Asks a provider for its discovery document. Throws `InvalidInput` for what need not be asked. */
  async test(input: IdentityInput): Promise<IdentityTest> {
    this.check(input);
    try {
      const issuer = await this.providers.for(input.providerType).discover(input);
      return { success: true, message: 'The identity provider answers and its issuer fits', issuer };
    } catch (error) {
      if (error instanceof DomainError) return { success: false, message: error.message };
      throw error;
    }
  }

  /** Stores the group mapping of the configuration that `shown` names. */
  async putGroups(id: string, groups: GroupSettings, updatedBy: string | null): Promise<void> {
    await this.identities.putGroups(id, groups, updatedBy);
  }

  private check({ issuerUrl, redirectUrl, clientId, scopes }: IdentityInput): void {
    const errors = new FieldErrors();
    if (!isSafeIssuer(issuerUrl, this.config.secrets.devMode)) {
      errors.add('issuer_url', 'expected an https address; http is for loopback and development mode');
    } else if (/[?#@]/.test(issuerUrl)) {
      errors.add('issuer_url', 'expected an address without user, query and fragment');
    }
    if (!/^https?:\/\//.test(redirectUrl) || !URL.canParse(redirectUrl) || !redirectUrl.endsWith(CALLBACK)) {
      errors.add('redirect_url', `expected the callback address of this server, which ends in ${CALLBACK}`);
    }
    if (clientId.trim() === '') errors.add('client_id', 'expected a value');
    if (scopes !== undefined && !scopes.includes('openid'))
      errors.add('scopes', 'expected openid among them');
    errors.throwIfAny('The identity provider cannot be used');
  }

  private async secretFor({ clientSecret, issuerUrl, clientId }: IdentityInput): Promise<string> {
    if (clientSecret !== '') return clientSecret;
    const kept = await this.identities.findActive();
    if (kept?.issuerUrl === issuerUrl && kept.clientId === clientId) return kept.clientSecret;
    const errors = new FieldErrors();
    errors.add('client_secret', 'expected a value');
    errors.throwIfAny('The identity provider cannot be used');
    return clientSecret;
  }

  private configurationOf(kept: KeptIdentity): SignInConfiguration {
    const { id, name, providerType, issuerUrl, clientId, clientSecret, redirectUrl, scopes } = kept;
    const usualName = providerType === 'azuread' ? AZURE_AD_NAME : this.config.oidc.displayName;
    const displayName = name === DEFAULT_NAME ? usualName : name;
    const facts = { id, providerType, displayName, issuerUrl, clientId, clientSecret, redirectUrl, scopes };
    return { ...facts, ...fileGroups(this.config.oidc) };
  }

  private async withGroups(configuration: SignInConfiguration): Promise<SignInConfiguration> {
    const groups = await this.identities.findGroups(groupsIdOf(configuration.id));
    if (groups === undefined) return configuration;
    const { groupClaimName, groupMappings, defaultRole } = groups;
    return { ...configuration, groupClaimName, groupMappings, defaultRole };
  }
}

/** Both configurations of the file share one group mapping. */
function groupsIdOf(configurationId: string): string {
  return configurationId.startsWith('file:') ? FILE_CONFIGURATION_ID : configurationId;
}

/** A slash at the end leads to the same discovery document. */
function isSameIssuer(one: string, other: string): boolean {
  return one.replace(/\/$/, '') === other.replace(/\/$/, '');
}
