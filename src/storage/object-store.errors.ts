import { DomainError } from '../kernel/errors.js';

/** The store answered, and there is no object of this path. Never thrown when the store could not be asked. */
export class ObjectNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'object_not_found';

  constructor(options?: ErrorOptions) {
    super('File not found', {}, options);
  }
}

/** The store could not do it now: unreachable, out of space, failing. A later attempt may succeed. */
export class ObjectStoreUnavailable extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'storage_unavailable';

  /** `operation` is for the log; the sentence for the caller does not say where the bytes are kept. */
  constructor(
    readonly operation: string,
    options?: ErrorOptions,
  ) {
    super('The storage is not available at the moment, try again later', { retryAfterSeconds: 5 }, options);
  }
}

/** Why a store refuses for good: an attempt with the same arguments fails again. */
export type RejectionReason = 'path' | 'range' | 'digest' | 'size' | 'exists' | 'denied' | 'settings';

const SENTENCES: Record<RejectionReason, string> = {
  path: 'This is not a path that the storage accepts',
  range: 'The requested range lies outside the file',
  digest: 'The bytes do not have the expected SHA-256',
  size: 'The bytes do not have the expected size',
  exists: 'Another object of a different size has this path already',
  denied: 'The storage refuses access: check the permissions of the server on its storage',
  settings:
    'The storage does not accept its settings: check the name of the bucket or container, the region, the endpoint and the credentials',
};

/** The store refuses, and will refuse again. `reason` says why, `size` is that of the object for `range`. */
export class ObjectStoreRejected extends DomainError {
  readonly code = 'storage_rejected';

  constructor(
    readonly reason: RejectionReason,
    readonly size?: number,
    options?: ErrorOptions,
  ) {
    super(SENTENCES[reason], {}, options);
  }

  get kind() {
    return this.reason === 'path' || this.reason === 'range'
      ? ('invalid' as const)
      : ('unavailable' as const);
  }
}
