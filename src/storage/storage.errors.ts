import { DomainError } from '../kernel/errors.js';

/** The sweep took a staged artifact away before it was committed: stage it again. */
export class ArtifactVanished extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'artifact_vanished';

  constructor() {
    super('The upload took too long and was cleaned up, send it again', { retryAfterSeconds: 1 });
  }
}

/** A file URL without a signature, or with one that does not fit (REST contract 7). */
export class InvalidFileSignature extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'invalid_file_signature';

  constructor() {
    super('Invalid or missing signature');
  }
}

/** A file URL whose time is over; a new one is in every download answer. */
export class FileUrlExpired extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'file_url_expired';

  constructor() {
    super('URL has expired');
  }
}

/** No file of this key, or none that the caller may read. */
export class FileNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'file_not_found';

  constructor() {
    super('File not found');
  }
}

/** A file of a quarantined version: the URL was right once, and is of no use until an administrator restores it. */
export class FileQuarantined extends DomainError {
  readonly kind = 'gone';
  readonly code = 'file_quarantined';

  constructor() {
    super('This file belongs to a quarantined version: ask the administrators of its organization');
  }
}

/** A file URL with `..`, empty segments, backslashes or control characters in its key. */
export class InvalidFilePath extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_file_path';

  constructor() {
    super('Invalid file path');
  }
}

/** An artifact that exists in the database has no bytes, or wrong ones; the operator runs `verify`. */
export class ArtifactDamaged extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'artifact_damaged';

  constructor(options?: ErrorOptions) {
    super(
      'The stored file is damaged or missing, ask the operator of this registry to run "verify"',
      {},
      options,
    );
  }
}

/** Rows speak of a storage that neither file nor database describes any more; its objects cannot be reached. */
export class StorageNotConfigured extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'storage_not_configured';

  /** `storage` is for the log. */
  constructor(readonly storage: string) {
    super('The storage that holds this file is not configured any more, ask the operator of this registry');
  }
}
