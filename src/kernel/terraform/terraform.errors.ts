import { DomainError } from '../errors.js';

/** A version text that no client could ask for. */
export class InvalidVersion extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_version';

  /** `reason` says what is wrong and what to write. */
  constructor(reason: string) {
    super(`Invalid version format: ${reason}`, { fields: { version: reason } });
  }
}

/** A version constraint that cannot be read. */
export class InvalidVersionConstraint extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_version_constraint';

  constructor(reason: string) {
    super(`Invalid version constraint: ${reason}`);
  }
}

/** A namespace, module name, system or provider type that breaks the grammar of addresses. */
export class InvalidAddress extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_address';

  /** `field` is the part of the address, `rule` completes the sentence "<field> …". */
  constructor(field: string, rule: string) {
    super(`Invalid ${field}: ${rule}`, { fields: { [field]: rule } });
  }
}

/** An operating system or architecture that is no platform name. */
export class InvalidPlatform extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_platform';

  constructor(reason: string) {
    super(`Invalid platform: ${reason}`);
  }
}

/** A SHA256SUMS document that a client would misread. */
export class InvalidShasums extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_checksums';

  constructor(reason: string) {
    super(`Invalid checksums: ${reason}`);
  }
}

/** A change that the state of the version does not allow (REST contract 30.1). */
export class VersionStateConflict extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'version_state_conflict';

  /** `advice` completes the sentence "Version … is <state>: …". */
  constructor(version: string, state: string, advice: string) {
    super(`Version ${version} is ${state}: ${advice}`, { body: { state } });
  }
}
