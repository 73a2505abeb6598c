import type { HeldRole } from '../../access/authority.js';

/** A user with the roles of now. */
export interface UserFacts {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  /** `false`: disabled, every credential is refused. */
  readonly isActive: boolean;
  readonly roles: readonly HeldRole[];
}
