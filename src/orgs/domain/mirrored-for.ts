import type { PublishGrant } from './publish-grant.js';

/** For whom a mirror brings a provider. */
export interface MirroredFor {
  /** `null`: for everybody who may read anything here. */
  readonly organizationId: string | null;
  /** When the mirror was made. */
  readonly since: Date;
  readonly actor: PublishGrant['actor'];
}
