import { DomainError } from '../../kernel/errors.js';

/** The texts of REST contract 2.4 for a request without a usable credential. */
export type CredentialProblem =
  | 'Missing authorization header'
  | "Authorization header must start with 'Bearer '"
  | 'Authorization token is empty'
  | 'API key has expired'
  | 'Invalid credentials';

/** The request carries no usable credential where one is needed. */
export class NotAuthenticated extends DomainError {
  readonly kind = 'unauthenticated';
  readonly code = 'not_authenticated';

  readonly problem: CredentialProblem;

  constructor(problem: CredentialProblem) {
    super(problem);
    this.problem = problem;
  }
}

/** A credential where none may be, or several: nothing of it is repeated in the answer. */
export class CredentialMisplaced extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'credential_misplaced';

  static inQuery(): CredentialMisplaced {
    return new CredentialMisplaced(
      'Credentials are not accepted in the query string; send them in the Authorization header',
    );
  }

  static several(): CredentialMisplaced {
    return new CredentialMisplaced('Send exactly one Authorization header');
  }
}

/** The credential is valid and does not allow this. */
export class MissingScope extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'missing_scope';

  constructor(scope: string) {
    super('Missing required scope', { details: `Required scope: ${scope}` });
  }
}

/** A route that does not say who may call it; nobody may. */
export class RouteClosed extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'route_closed';

  constructor() {
    super('This route is closed');
  }
}

/**
 * Something that is absent, or must look so (REST contract 3.6): told in the words of the feature, so that
 * the two cannot be told apart.
 */
export class NotVisible extends DomainError {
  readonly kind = 'not-found';

  private constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }

  /** What a reader of modules or of providers is told. */
  static forScope(scope: string): NotVisible {
    return scope.startsWith('modules:')
      ? new NotVisible('Module not found', 'module_not_found')
      : new NotVisible('Provider not found', 'provider_not_found');
  }
}

/** No API key of that text or id. */
export class ApiKeyNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'api_key_not_found';

  constructor() {
    super('API key not found');
  }
}
