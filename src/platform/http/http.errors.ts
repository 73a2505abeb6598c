import { DomainError } from '../../kernel/errors.js';

/** A request that no handler could understand: target, headers or body break the rules of the edge. */
export class MalformedRequest extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'malformed_request';
}

/** A multipart body that cannot be read to its end. */
export class MalformedUpload extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'malformed_upload';
}

/** The body is not what its `Content-Digest` header says. */
export class ContentDigestMismatch extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'content_digest_mismatch';

  constructor() {
    super('The body does not match its Content-Digest header: send it again');
  }
}

/** An upload that is not `multipart/form-data`. */
export class NotMultipart extends DomainError {
  readonly kind = 'unsupported-media-type';
  readonly code = 'not_multipart';

  constructor() {
    super('Send the upload as multipart/form-data');
  }
}

/** A body of a media type that the route does not take. */
export class UnsupportedMediaType extends DomainError {
  readonly kind = 'unsupported-media-type';
  readonly code = 'unsupported_media_type';
}

/** A body, or a part of one, above its limit. */
export class TooLarge extends DomainError {
  readonly kind = 'too-large';
  readonly code = 'too_large';
}

/** As many uploads as this process takes at a time are running. */
export class UploadsBusy extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'uploads_busy';

  constructor(maxConcurrent: number) {
    super(`All ${maxConcurrent} upload slots are taken: try again later`, { retryAfterSeconds: 5 });
  }
}

/** The disk has no room for the upload and the reserve. */
export class InsufficientSpace extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'insufficient_space';

  constructor() {
    super('The server has no room for this upload: tell its operator', { retryAfterSeconds: 60 });
  }
}

/** The caller has used up a rate limit. */
export class RateLimited extends DomainError {
  readonly kind = 'rate-limited';
  readonly code = 'rate_limited';

  constructor(retryAfterSeconds: number) {
    super('Rate limit exceeded', { retryAfterSeconds, body: { retry_after: retryAfterSeconds } });
  }
}
