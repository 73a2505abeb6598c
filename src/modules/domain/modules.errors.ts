import { DomainError } from '../../kernel/errors.js';

/** No module of this address, or none that the caller may see. */
export class ModuleNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'module_not_found';

  constructor() {
    super('Module not found');
  }
}

/** The module exists, the version does not; said to clients of the protocol. */
export class ModuleVersionNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'module_version_not_found';

  constructor(message: 'Module version not found' | 'Version not found' = 'Module version not found') {
    super(message);
  }
}

/** The version is taken. Carries the digest that is stored, so that a retry can be recognized. */
export class ModuleVersionExists extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'module_version_exists';

  constructor(version: string, checksum: string) {
    super(`Version ${version} already exists for this module`, { body: { checksum } });
  }
}

/** The number belongs to a deleted version, and these are other bytes. */
export class ModuleVersionDeleted extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'module_version_deleted';

  constructor(version: string, checksum: string) {
    super(`Version ${version} was deleted and cannot be published with other content`, {
      body: { checksum },
    });
  }
}

/** The same address exists in another spelling; addresses that differ only by case would confuse people. */
export class ModuleSpelledDifferently extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'module_spelled_differently';

  constructor(existing: string) {
    super(`This module exists as ${existing}; publish it under that spelling`);
  }
}

/** A withdrawn or quarantined version whose download is refused. */
export class ModuleVersionRefused extends DomainError {
  readonly kind = 'gone';
  readonly code = 'module_version_refused';

  constructor(version: string, reason: string | null) {
    super(reason ?? `Version ${version} is no longer available`);
  }
}

/** The upload is not a module archive that clients could use. */
export class InvalidModuleArchive extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_module_archive';

  constructor(reason: string, options?: ErrorOptions) {
    super(`Invalid archive: ${reason}`, {}, options);
  }
}
