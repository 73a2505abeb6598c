import { Matches, NotEquals } from 'class-validator';
import { Setting } from './setting.decorator.js';

const PREFIX_RULE = 'expected 2 to 8 lower case letters or digits and an underscore, and not tfrs_';

/** Who may read and which credentials are accepted. */
export class AuthConfig {
  @Setting({
    key: 'auth.anonymous_read',
    type: 'bool',
    defaultText: 'true; false when multi_tenancy.enabled',
    description: 'false makes the registry private: reading needs a credential; file URLs stay signed.',
  })
  readonly anonymousRead: boolean = true;

  @Setting({ key: 'auth.api_keys.enabled', type: 'bool', description: 'Whether API keys are accepted.' })
  readonly apiKeysEnabled: boolean = true;

  @Setting({
    key: 'auth.api_keys.prefix',
    type: 'string',
    description: 'Prefix of new API keys; old keys stay valid.',
  })
  @Matches(/^[a-z0-9]{2,8}_$/, { message: PREFIX_RULE })
  @NotEquals('tfrs_', { message: PREFIX_RULE })
  readonly apiKeyPrefix: string = 'tfr_';

  @Setting({
    key: 'auth.api_keys.max_lifetime',
    type: 'duration',
    min: 0,
    max: 36_500 * 86_400_000,
    description: 'Longest life of an API key that people make or renew; 0 is no limit.',
  })
  readonly apiKeyMaxLifetimeMs: number = 0;

  @Setting({
    key: 'multi_tenancy.enabled',
    type: 'bool',
    description: 'Isolates the organizations from each other in every operation.',
  })
  readonly multiTenancyEnabled: boolean = false;

  @Setting({
    key: 'multi_tenancy.default_organization',
    type: 'string',
    description: 'Name of the default organization, created at the first start.',
  })
  readonly defaultOrganization: string = 'default';

  @Setting({
    key: 'multi_tenancy.allow_public_signup',
    type: 'bool',
    description: 'Whether everybody who can sign in may create an organization. Only in multi-tenant mode.',
  })
  readonly allowPublicSignup: boolean = false;
}
