/**
 * The kinds of failure a caller can act on. A kind says what went wrong in general; the HTTP status of
 * each kind is chosen in one place, `platform/http/error.filter.ts`.
 */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'gone'
  | 'too-large'
  | 'unsupported-media-type'
  | 'rate-limited'
  | 'bad-gateway'
  | 'unavailable';

/** What a caller may be told besides the sentence. All of it is safe to show. */
export interface ErrorFacts {
  /** One more sentence, e.g. `Required scope: modules:write`. */
  details?: string;
  /** Messages by input field. */
  fields?: Record<string, string>;
  /** Seconds after which a retry makes sense (`unavailable`, `rate-limited`). */
  retryAfterSeconds?: number;
  /** Further top-level fields of the error body, e.g. the `checksum` of a version that exists. */
  body?: Record<string, string | number | boolean | string[]>;
}

/**
 * Something that went wrong in the terms of the product. Subclasses are named after what happened and
 * live in `<feature>/domain/<feature>.errors.ts`. `message` is one sentence for a human; it never
 * contains database text, file-system paths or secrets. `code` is a stable name, listed in
 * `docs/reference/errors.md`.
 */
export abstract class DomainError extends Error {
  abstract readonly kind: ErrorKind;
  abstract readonly code: string;

  constructor(
    message: string,
    readonly facts: ErrorFacts = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}
