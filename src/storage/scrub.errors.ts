import { DomainError } from '../kernel/errors.js';

/** Reading stored objects again is switched off. */
export class ScrubDisabled extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'scrub_disabled';

  constructor() {
    super('Reading stored objects again is switched off: set storage.scrub.enabled to true');
  }
}

/** A cycle is under way in every storage that was asked for. */
export class ScrubRunning extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'scrub_running';

  constructor() {
    super('Stored objects are being read again already');
  }
}

/** No storage in use has this name. */
export class StorageNotInUse extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'storage_not_in_use';

  constructor() {
    super('No storage in use has this name');
  }
}

/** No stored object has this id. */
export class ArtifactNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'artifact_not_found';

  constructor() {
    super('Stored object not found');
  }
}

/** There is nothing to repair. */
export class ArtifactNotDamaged extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'artifact_not_damaged';

  constructor() {
    super('This stored object is not known to be damaged');
  }
}
