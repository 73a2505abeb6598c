import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import type { Version } from '../../kernel/terraform/version.js';

/** Where the archive of a version can be had that is not here yet. */
export interface SuppliedDownload {
  /** For `X-Terraform-Get`: a signed address of this server, ending in what clients unpack. */
  readonly location: string;
}

/**
 * Versions that are not here, but are fetched when somebody asks for them. The modules feature knows nothing else of
 * where they come from. Who may read the namespace was decided before.
 */
export interface ModuleSupply {
  /** Whether modules of this namespace are fetched on demand; answered from memory. */
  isOf(namespace: string): boolean;

  /** Versions beyond those `held` here. With `held` empty, failures of the upstream are thrown; else they are none. */
  versions(address: ModuleAddress, held: readonly string[]): Promise<readonly string[]>;

  /** Where a version is that is not here; `undefined` when there is none. */
  download(address: ModuleAddress, version: Version): Promise<SuppliedDownload | undefined>;
}
