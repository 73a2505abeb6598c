import type { VersionState } from '../../kernel/terraform/version-life.js';

/** Namespace of a key that is pinned for all namespaces of a mirror. */
export const EVERY_NAMESPACE = '*';

/** A version that is here and that a key signed. */
export interface SignedVersion {
  readonly namespace: string;
  readonly type: string;
  readonly version: string;
  readonly state: VersionState;
  readonly stateReason: string | null;
}

/** A public key that a mirror met, or that was pinned for it. */
export interface MirrorKey {
  readonly id: string;
  readonly mirrorId: string;
  /** In lower case, or {@link EVERY_NAMESPACE}. */
  readonly namespace: string;
  /** 40 upper-case hexadecimal digits. */
  readonly fingerprint: string;
  readonly armor: string;
  /**
   * `seen`: signed something that is held back until somebody decides; `pinned`: counts, and shuts other keys of the
   * namespace out; `revoked`: never counts again.
   */
  readonly state: 'seen' | 'pinned' | 'revoked';
  readonly source: 'upstream' | 'administrator';
  /** Who pinned or revoked it; `null`: nobody yet, or the rules of the mirror. */
  readonly decidedBy: string | null;
  readonly decidedByName: string | null;
  readonly decidedAt: Date | null;
  readonly firstSeenAt: Date;
}
