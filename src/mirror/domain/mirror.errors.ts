import { DomainError, type ErrorKind } from '../../kernel/errors.js';
import { printable } from './printable.js';

/**
 * Who has to act: `upstream` answers wrongly, `network` lies between, `configuration` is what an operator of this
 * registry decides, `here` is this server.
 */
export type Fault = 'upstream' | 'network' | 'configuration' | 'here';

/** Something that kept a mirror from fetching. A line of the report of a run is made of it. */
export abstract class MirrorFailure extends DomainError {
  readonly kind: ErrorKind = 'bad-gateway';
  abstract readonly fault: Fault;
  /** Whether the same may succeed later without anybody changing something. */
  readonly isTransient: boolean = false;
}

/** The upstream, or something it points to, is not an address that this server may reach. */
export class UpstreamNotAllowed extends MirrorFailure {
  readonly code = 'upstream_not_allowed';
  readonly fault = 'configuration';

  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, {}, options);
  }
}

/** Nothing usable came back: no connection, or it broke, or the answer took too long. */
export class UpstreamUnreachable extends MirrorFailure {
  readonly code = 'upstream_unreachable';
  readonly fault = 'network';
  override readonly isTransient = true;

  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, {}, options);
  }
}

/** The upstream sends so little in a stretch of time that waiting makes no sense. */
export class UpstreamStalled extends MirrorFailure {
  readonly code = 'upstream_stalled';
  readonly fault = 'network';
  override readonly isTransient = true;

  constructor(host: string, minBytes: number, windowMs: number) {
    super(`${host} sent fewer than ${minBytes} bytes in ${windowMs / 1000} s; the download was given up`);
  }
}

/** The upstream says that it cannot answer now (429 or 5xx). */
export class UpstreamBusy extends MirrorFailure {
  readonly code = 'upstream_busy';
  readonly fault = 'upstream';
  override readonly isTransient = true;

  constructor(host: string, what: string, status: number, retryAfterSeconds?: number) {
    super(
      `${host} answered ${status} for ${what}`,
      retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
    );
  }
}

/** The upstream wants a token, or another one (401 or 403). */
export class UpstreamAccessDenied extends MirrorFailure {
  readonly code = 'upstream_access_denied';
  readonly fault = 'configuration';

  constructor(host: string, what: string, status: number) {
    super(`${host} answered ${status} for ${what}; give the mirror a token that may read it`);
  }
}

/** The upstream does not have it (404 or 410). */
export class UpstreamNotFound extends MirrorFailure {
  override readonly kind = 'not-found';
  readonly code = 'upstream_not_found';
  readonly fault = 'upstream';

  constructor(host: string, what: string) {
    super(`${host} does not have ${what}`);
  }
}

/** The upstream leads somewhere that is not followed: in circles, from https to http, or to no address at all. */
export class UpstreamRedirectRefused extends MirrorFailure {
  readonly code = 'upstream_redirect_refused';
  readonly fault = 'upstream';

  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, {}, options);
  }
}

/** An answer that is not what the protocol demands: a web page, broken JSON, wrong fields, too large. */
export class UpstreamAnswerInvalid extends MirrorFailure {
  readonly code = 'upstream_answer_invalid';
  readonly fault = 'upstream';

  constructor(host: string, what: string, reason: string, options?: ErrorOptions) {
    super(`${host} answered wrongly for ${what}: ${reason}`, {}, options);
  }
}

/** The upstream is not a registry of providers. */
export class UpstreamHasNoProviders extends MirrorFailure {
  readonly code = 'upstream_has_no_providers';
  readonly fault = 'configuration';

  constructor(host: string) {
    super(`${host} says in /.well-known/terraform.json that it has no providers.v1; check the address`);
  }
}

/** The description of a package is not that of the package that was asked for. */
export class PackageMisdescribed extends MirrorFailure {
  readonly code = 'package_misdescribed';
  readonly fault = 'upstream';

  constructor(what: string, reason: string) {
    super(`The upstream describes another package than ${what}: ${reason}`);
  }
}

/** A release without checksum document or signature: nothing proves who made it. */
export class ReleaseUnsigned extends MirrorFailure {
  readonly code = 'release_unsigned';
  readonly fault = 'upstream';

  constructor(what: string, missing: string) {
    super(`${what} has no ${missing}, so nothing proves who made it; it is not mirrored`);
  }
}

/** The checksum document is not signed by a key that counts, or not correctly. */
export class ReleaseSignatureInvalid extends MirrorFailure {
  readonly code = 'release_signature_invalid';
  readonly fault = 'upstream';

  constructor(what: string, reason: string, options?: ErrorOptions) {
    super(`The signature of ${what} does not count: ${reason}`, {}, options);
  }
}

/** The key of a release was revoked by its owner, or is marked so here. */
export class ReleaseKeyRevoked extends MirrorFailure {
  readonly code = 'release_key_revoked';
  readonly fault = 'upstream';

  constructor(
    what: string,
    readonly fingerprint: string,
  ) {
    super(`${what} is signed with the key ${fingerprint}, which is revoked; it is not mirrored`);
  }
}

/** The release is signed correctly, with a key that nobody has approved for this namespace. */
export class ReleaseKeyNotTrusted extends MirrorFailure {
  readonly code = 'release_key_not_trusted';
  readonly fault = 'configuration';

  /** `armor` is the public key in normal form, to be shown and pinned with its fingerprint. */
  constructor(
    what: string,
    readonly fingerprint: string,
    readonly armor: string,
    readonly isFirstKey: boolean,
  ) {
    super(
      isFirstKey
        ? `${what} is signed with the key ${fingerprint}, and no key is approved for its namespace yet; approve it to go on`
        : `${what} is signed with the key ${fingerprint}, which is not the approved one; it is held back until somebody approves the change`,
    );
  }
}

/** The signed checksum document cannot be used: it breaks the format, or does not list the package. */
export class ReleaseChecksumsInvalid extends MirrorFailure {
  readonly code = 'release_checksums_invalid';
  readonly fault = 'upstream';

  constructor(what: string, reason: string, options?: ErrorOptions) {
    super(`The checksum document of ${what} cannot be used: ${reason}`, {}, options);
  }
}

/** The JSON of the upstream and the signed checksum document name different digests. */
export class ReleaseDigestsDisagree extends MirrorFailure {
  readonly code = 'release_digests_disagree';
  readonly fault = 'upstream';

  constructor(filename: string, described: string, signed: string) {
    super(
      `The upstream describes ${printable(filename)} with the digest ${described}, but its signed checksums say ${signed}`,
    );
  }
}

/** A version that is here has other bytes upstream now. What is here stays. */
export class ReleaseMutated extends MirrorFailure {
  readonly code = 'release_mutated';
  readonly fault = 'upstream';

  constructor(filename: string, held: string, now: string) {
    super(
      `Upstream mutated: ${printable(filename)} is ${held} here and ${now} upstream; what is here is kept, nothing is fetched`,
    );
  }
}

/** The bytes of a package are not those of the signed checksum document. */
export class PackageDigestMismatch extends MirrorFailure {
  readonly code = 'package_digest_mismatch';
  readonly fault = 'upstream';

  constructor(
    filename: string,
    readonly wanted: string,
    readonly found: string,
  ) {
    super(`${filename} has the digest ${found}, but the signed checksums say ${wanted}`);
  }
}

/** The connection broke before a package was complete, as often as it is tried. */
export class PackageIncomplete extends MirrorFailure {
  readonly code = 'package_incomplete';
  readonly fault = 'network';
  override readonly isTransient = true;

  constructor(filename: string, attempts: number, received: number, options?: ErrorOptions) {
    super(
      `${filename} broke off in each of ${attempts} attempts, at last after ${received} bytes`,
      {},
      options,
    );
  }
}

/** A package is larger than this server takes. */
export class PackageTooLarge extends MirrorFailure {
  readonly code = 'package_too_large';
  readonly fault = 'configuration';

  /** `setting`: which one allows larger ones. */
  constructor(filename: string, maxBytes: number, setting = 'uploads.provider.max_size') {
    super(`${filename} is larger than ${maxBytes} bytes; raise ${setting} to mirror it`);
  }
}

/** The bytes fit their signed digest, and are no package that clients could install. */
export class PackageUnusable extends MirrorFailure {
  readonly code = 'package_unusable';
  readonly fault = 'upstream';

  constructor(filename: string, reason: string, options?: ErrorOptions) {
    super(`${filename} is no package that clients can install: ${reason}`, {}, options);
  }
}

/** The disk for temporary files has no room for a package and the reserve. */
export class MirrorDiskFull extends MirrorFailure {
  override readonly kind = 'unavailable';
  readonly code = 'mirror_disk_full';
  readonly fault = 'here';
  override readonly isTransient = true;

  constructor(options?: ErrorOptions) {
    super('The disk of storage.temp_dir has no room for the package; free some space', {}, options);
  }
}

/** The run was ended by somebody, or because the process stops. */
export class MirrorInterrupted extends MirrorFailure {
  override readonly kind = 'unavailable';
  readonly code = 'mirror_interrupted';
  readonly fault = 'here';
  override readonly isTransient = true;

  constructor() {
    super('The run of the mirror was interrupted');
  }
}
