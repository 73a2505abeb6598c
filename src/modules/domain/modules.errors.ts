import { DomainError } from '../../kernel/errors.js';
import { oneLine } from '../../kernel/one-line.js';

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

/** The number belongs to a version that was quarantined when it was deleted: no bytes bring it back by themselves. */
export class ModuleVersionQuarantined extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'module_version_quarantined';

  constructor(version: string) {
    super(
      `Version ${version} was deleted while it was quarantined: an administrator of its organization has to restore it before it can be published again`,
    );
  }
}

/** A withdrawn or quarantined version whose download is refused. */
export class ModuleVersionRefused extends DomainError {
  readonly kind = 'gone';
  readonly code = 'module_version_refused';

  constructor(version: string, reason: string | null) {
    super((reason && oneLine(reason)) || `Version ${version} is no longer available`);
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

/** The version has no documentation of this path. */
export class ModulePartNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'module_part_not_found';

  constructor() {
    super('The module has no submodule or example of this path');
  }
}

/** The archive has no file of this path that may be shown. */
export class ModuleFileNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'module_file_not_found';

  constructor() {
    super('File not found');
  }
}

/** More files are asked for at a time than this process reads. */
export class ModuleFilesBusy extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'module_files_busy';

  constructor() {
    super('Too many files of modules are being read; try again in a moment', { retryAfterSeconds: 2 });
  }
}

/** One of two versions has no documentation to compare. */
export class ModuleVersionNotAnalyzed extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'module_version_not_analyzed';

  constructor(version: string) {
    super(`Version ${version} has not been analyzed, so it cannot be compared`);
  }
}

/** The analysis cannot run now, whatever the module is. */
export class AnalysisUnavailable extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'module_analysis_unavailable';

  constructor(options?: ErrorOptions) {
    super('Modules cannot be analyzed at the moment; try again later', { retryAfterSeconds: 10 }, options);
  }
}

/** The number of the version promises less change than there is, and `publishing.version_check` is `refuse`. */
export class ModuleVersionStepTooSmall extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'module_version_step_too_small';

  constructor(message: string, facts: { needed: string; declared: string; from: string; changes: string[] }) {
    super(message, { body: facts });
  }
}

/** Only administrators of the platform may have every module analyzed again. */
export class WholeRegistryForbidden extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'whole_registry_forbidden';

  constructor() {
    super('Only a platform administrator may have the whole registry analyzed again; name a namespace');
  }
}
