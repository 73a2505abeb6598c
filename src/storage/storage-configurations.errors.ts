import { DomainError } from '../kernel/errors.js';

/** No stored configuration is active; that of file and environment is in use. */
export class NoActiveStorageConfiguration extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'no_active_storage_configuration';

  constructor() {
    super('no active storage configuration');
  }
}

/** There is no stored configuration of this id. */
export class StorageConfigurationNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'storage_configuration_not_found';

  constructor() {
    super('storage configuration not found');
  }
}

/** The operator decided that file and environment alone say where objects are. */
export class StoredConfigurationsRefused extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'stored_configurations_refused';

  constructor() {
    super('The storage is configured by the operator alone (storage.config_source is file)');
  }
}

/** The active configuration is to become another kind of backend. */
export class ActiveBackendTypeFixed extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'active_backend_type_fixed';

  constructor() {
    const sentence = 'cannot change backend type of active configuration; create a new configuration instead';
    super(sentence, { fields: { backend_type: 'must stay the same while the configuration is active' } });
  }
}

/** The active configuration is to be deleted. */
export class ActiveStorageConfiguration extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'active_storage_configuration';

  constructor() {
    super('cannot delete the active storage configuration');
  }
}

/** Objects are kept with this configuration; without it nobody could read them. */
export class StorageHoldsObjects extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'storage_holds_objects';

  static deleted(objects: number): StorageHoldsObjects {
    return new StorageHoldsObjects(
      `${inWords(objects)} still stored with this configuration; move them to another storage first`,
    );
  }

  static moved(objects: number): StorageHoldsObjects {
    return new StorageHoldsObjects(
      `${inWords(objects)} stored with this configuration and not found at the new place; create a new configuration and move them there`,
    );
  }
}

function inWords(objects: number): string {
  return objects === 1 ? '1 object is' : `${objects} objects are`;
}

/** Two configurations would keep their objects at one place and remove those of each other. */
export class StoragePlaceTaken extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'storage_place_taken';

  /** `name` as artifact rows have it. */
  constructor(name: string) {
    super(
      `Another storage of this registry is at the same place (${name}); change that one, or choose another place`,
    );
  }
}

/** Somebody else changed the configuration while it was being tested. */
export class StorageConfigurationChanged extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'storage_configuration_changed';

  constructor() {
    super('The storage configuration was changed by somebody else meanwhile; look at it and try again');
  }
}

/** A storage did not pass its test. */
export class StorageUnusable extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'storage_unusable';

  /** `sentence` says what to change, `field` where. */
  constructor(sentence: string, field?: string, options?: ErrorOptions) {
    super(sentence, field === undefined ? {} : { fields: { [field]: sentence } }, options);
  }
}

/** A storage did not pass the test that was asked for; the answer says so in two ways (REST contract 25). */
export class StorageTestFailed extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'storage_test_failed';

  constructor(failure: DomainError) {
    const { fields } = failure.facts;
    super(
      failure.message,
      { fields, body: { success: false, message: failure.message } },
      { cause: failure },
    );
  }
}
