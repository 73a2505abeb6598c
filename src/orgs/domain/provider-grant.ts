import type { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import type { PublishGrant } from './publish-grant.js';

/** The right to change a provider, and which one its address means. */
export interface ProviderGrant {
  readonly grant: PublishGrant;
  readonly address: ProviderAddress;
}
