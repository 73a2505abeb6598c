import { DomainError } from '../../kernel/errors.js';

/** A version filter that cannot be read; it is never taken for "all". */
export class InvalidVersionFilter extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_version_filter';

  constructor(reason: string) {
    super(`Invalid version filter: ${reason}`, { fields: { version_filter: reason } });
  }
}

/** A namespace or provider filter that cannot be read. */
export class InvalidNameFilter extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_name_filter';

  constructor(field: 'namespace_filter' | 'provider_filter', reason: string) {
    super(`Invalid ${field.replace('_', ' ')}: ${reason}`, { fields: { [field]: reason } });
  }
}

/** A platform filter that cannot be read. */
export class InvalidPlatformFilter extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_platform_filter';

  constructor(reason: string) {
    super(`Invalid platform filter: ${reason}`, { fields: { platform_filter: reason } });
  }
}

/** A registry or pattern of a policy that could never match anything. */
export class InvalidPolicyPattern extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_policy_pattern';

  constructor(field: 'upstream_registry' | 'namespace_pattern' | 'provider_pattern', reason: string) {
    super(`Invalid ${field.replace('_', ' ')}: ${reason}`, { fields: { [field]: reason } });
  }
}

/** The address of an upstream registry that no mirror can use. */
export class InvalidUpstreamAddress extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_upstream_address';

  constructor(reason: string) {
    super(`Invalid upstream registry: ${reason}`, { fields: { upstream_registry_url: reason } });
  }
}
