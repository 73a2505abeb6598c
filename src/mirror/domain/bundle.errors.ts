import { DomainError } from '../../kernel/errors.js';

/** A file that is no bundle, or one of which something was changed, lost or added. */
export class BundleInvalid extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'bundle_invalid';

  constructor(reason: string, options?: ErrorOptions) {
    super(`The bundle cannot be used: ${reason}`, {}, options);
  }
}

/** The bundle is signed, by somebody whose bundles are not taken here. */
export class BundleSignerNotTrusted extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'bundle_signer_not_trusted';

  constructor(found: string, wanted: string) {
    super(
      `The bundle is signed with the key ${found}, but ${wanted}; compare the fingerprint with that of the registry that exported it`,
    );
  }
}

/** Nobody said whose bundles are taken. */
export class BundleSignerNotNamed extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'bundle_signer_not_named';

  constructor() {
    super(
      'Say whose bundle is expected: give the fingerprint of the exporting registry as "signer", or set mirror.bundle_signers',
      { fields: { signer: 'the fingerprint of the signing key of the exporting registry, 40 hex digits' } },
    );
  }
}

/** More is to be exported than one bundle can list. */
export class BundleTooLarge extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'bundle_too_large';

  constructor(reason: string) {
    super(`${reason}; export less at a time, e.g. with namespace_filter or version_filter`);
  }
}

/** The selection or the inventory of an export cannot be read. */
export class InvalidBundleSelection extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_bundle_selection';

  constructor(field: string, reason: string) {
    super(`Invalid ${field}: ${reason}`, { fields: { [field]: reason } });
  }
}

/** The bytes of one package in a bundle are not those that its signed list names. */
export class BundlePackageDamaged extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'bundle_package_damaged';

  constructor(filename: string, wanted: string, found: string) {
    super(`${filename} has the digest ${found} in the bundle, but its signed list says ${wanted}`);
  }
}

/** What is stored here of a package is not what its row says, so it cannot be exported. */
export class StoredPackageDamaged extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'stored_package_damaged';

  constructor(filename: string) {
    super(`The stored bytes of ${filename} are not those that were published; the export was broken off`);
  }
}

/** A version of a bundle is of another upstream than the mirror that takes it. */
export class BundleOfOtherHost extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'bundle_other_host';

  constructor(host: string) {
    super(
      `The mirror is one of ${host}; import the bundle once for each upstream, each time with its mirror`,
    );
  }
}

/** A policy of the mirror, or a rejected request, keeps a version of a bundle out. */
export class BundleReleaseDenied extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'bundle_release_denied';
}

/** A version of a bundle waits for an approval; import the same bundle again afterwards. */
export class BundleReleaseNeedsApproval extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'bundle_release_needs_approval';
}

/** A version of a bundle has not been known for as long as the mirror demands. */
export class BundleReleaseCoolingDown extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'bundle_release_cooling_down';
}

/** A version of a bundle is signed with a key that nobody has let count for the mirror. */
export class BundleKeyNotTrusted extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'bundle_key_not_trusted';

  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, {}, options);
  }
}
