import { DomainError } from '../../kernel/errors.js';
import { oneLine } from '../../kernel/one-line.js';

/** No provider of this address, or none that the caller may see. */
export class ProviderNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'provider_not_found';

  constructor() {
    super('Provider not found');
  }
}

/** The provider exists, the version does not. */
export class ProviderVersionNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'provider_version_not_found';

  constructor(message: 'Provider version not found' | 'Version not found' = 'Provider version not found') {
    super(message);
  }
}

/** The version exists, but not for this platform. Clients take the 404 as "no package for you". */
export class ProviderPlatformNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'provider_platform_not_found';

  constructor() {
    super('Provider platform not found');
  }
}

/** The platform is taken. Carries the digest that is stored, so that a retry can be recognized. */
export class ProviderPlatformExists extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'provider_platform_exists';

  constructor(platform: string, version: string, checksum: string) {
    super(`Platform ${platform} already exists for version ${version}`, { body: { checksum } });
  }
}

/** The number belongs to deleted content, and these are other bytes. */
export class ProviderVersionDeleted extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'provider_version_deleted';

  constructor(version: string, checksum: string) {
    super(`Version ${version} was deleted and cannot be published with other content`, {
      body: { checksum },
    });
  }
}

/** The version is closed by its publisher's signature, which does not list this package. */
export class ProviderReleaseClosed extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'provider_release_closed';

  constructor(filename: string, version: string) {
    super(
      `Version ${version} is signed by its publisher, and its checksum document does not list this ${filename}`,
    );
  }
}

/** A later call for the version says something else than the first one did. */
export class ProviderReleaseDiffers extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'provider_release_differs';

  constructor(
    field: 'protocols' | 'gpg_public_key' | 'shasums_file' | 'docs_file' | 'package',
    version: string,
  ) {
    super(`Version ${version} was published with another ${field}; send the same one or leave it out`);
  }
}

/** A mirror serves this address; nothing is published under it, and its versions are those of the upstream. */
export class ProviderIsMirrored extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'provider_is_mirrored';

  constructor(address: string) {
    super(
      `A mirror brings ${address} here, so it is neither published nor deleted by hand; use another namespace or type, or change the mirror`,
    );
  }
}

/** The address belongs to a provider that was published here, which no mirror takes over. */
export class ProviderPublishedHere extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'provider_published_here';

  constructor(address: string) {
    super(`${address} was published in this registry; leave it out of the mirror`);
  }
}

/** Nothing is published into a quarantined version, and nothing brings it back after it was deleted. */
export class ProviderVersionQuarantined extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'provider_version_quarantined';

  constructor(version: string) {
    super(
      `Version ${version} is quarantined: an administrator of its organization has to restore it before anything can be published as this version`,
    );
  }
}

/** A withdrawn or quarantined version whose download is refused. */
export class ProviderVersionRefused extends DomainError {
  readonly kind = 'gone';
  readonly code = 'provider_version_refused';

  constructor(version: string, reason: string | null) {
    super((reason && oneLine(reason)) || `Version ${version} is no longer available`);
  }
}

/** The upload is not a provider package that clients could install. */
export class InvalidProviderBinary extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_provider_binary';

  constructor(reason: string, options?: ErrorOptions) {
    super(`Invalid provider binary: ${reason}`, {}, options);
  }
}

/** The uploaded checksum document or its signature does not fit the packages. */
export class InvalidReleaseChecksums extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_release_checksums';

  constructor(reason: string) {
    super(`Invalid checksums: ${reason}`);
  }
}

/** The key sent along may not sign for this namespace. */
export class SigningKeyNotRegistered extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'signing_key_not_registered';

  constructor() {
    super('Invalid GPG public key: not registered for this namespace');
  }
}

/** This registry takes only providers that their publisher signed. */
export class ProviderSignatureRequired extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'provider_signature_required';

  constructor() {
    super(
      'Invalid checksums: this registry requires shasums_file and shasums_signature_file, signed by the publisher',
    );
  }
}

/** The protocols text is not a JSON array of protocol versions. */
export class InvalidProtocols extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_protocols';

  constructor(reason: string) {
    super(`Invalid protocols format (must be JSON array): ${reason}`);
  }
}

/** Too many publishers changed one version at the same moment. */
export class ProviderReleaseBusy extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'provider_release_busy';

  constructor() {
    super('Other packages of this version are being published right now; try again', {
      retryAfterSeconds: 1,
    });
  }
}

/** The uploaded documentation archive cannot be read, or has no page. */
export class InvalidProviderDocumentation extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_provider_documentation';

  constructor(reason: string, options?: ErrorOptions) {
    super(`Invalid documentation: ${reason}`, {}, options);
  }
}

/** The version was published without documentation. */
export class ProviderDocumentationNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'provider_documentation_not_found';

  constructor() {
    super('This version has no documentation');
  }
}

/** The documentation of the version has no such page. */
export class ProviderPageNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'provider_page_not_found';

  constructor() {
    super('Documentation page not found');
  }
}

/** Only administrators of the platform may have the documentation of every provider made again. */
export class AllProvidersForbidden extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'all_providers_forbidden';

  constructor() {
    super('Only a platform administrator may have all documentation made again; name a namespace');
  }
}
