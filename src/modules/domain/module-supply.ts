import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import type { Version } from '../../kernel/terraform/version.js';

/**
 * Versions that are not here, but are fetched when somebody asks for them. The modules feature knows nothing else of
 * where they come from. Who may read the namespace was decided before.
 */
export interface ModuleSupply {
  /** Whether modules of this namespace, in exactly this spelling, are fetched on demand; answered from memory. */
  isOf(namespace: string): boolean;

  /** Versions beyond those `held` here. With `held` empty, failures of the upstream are thrown; else they are none. */
  versions(address: ModuleAddress, held: readonly string[]): Promise<readonly string[]>;

  /** Whether a version that is not here can be had. Failures of the upstream are thrown. */
  offers(address: ModuleAddress, version: Version): Promise<boolean>;

  /**
   * For `X-Terraform-Get`: a signed address of this server from which a version can be fetched that is offered, or has
   * just arrived. It ends in what clients unpack.
   */
  link(address: ModuleAddress, version: Version): string;
}
