import { MirrorFailure } from './mirror.errors.js';

/** The upstream is not a registry of modules. */
export class UpstreamHasNoModules extends MirrorFailure {
  readonly code = 'upstream_has_no_modules';
  readonly fault = 'configuration';

  constructor(host: string) {
    super(
      `${host} says in /.well-known/terraform.json that it has no modules.v1; check the address, or take its module_namespaces out`,
    );
  }
}

/** A module is somewhere that this server does not fetch from. */
export class ModuleSourceUnsupported extends MirrorFailure {
  readonly code = 'module_source_unsupported';
  readonly fault = 'configuration';

  /** `reason` says what is wrong with the address, and what would do. */
  constructor(host: string, what: string, reason: string) {
    super(`${host} names an address for ${what} that cannot be fetched: ${reason}`);
  }
}

/** The bytes of a module are not those that its address promises. */
export class ModuleChecksumMismatch extends MirrorFailure {
  readonly code = 'module_checksum_mismatch';
  readonly fault = 'upstream';

  constructor(what: string, wanted: string, found: string, options?: ErrorOptions) {
    super(
      `The archive of ${what} has the digest ${found}, but its address says ${wanted}; nothing was kept`,
      {},
      options,
    );
  }
}

/** The archive of a module is of another git commit than the one that its address names. */
export class ModuleCommitMismatch extends MirrorFailure {
  readonly code = 'module_commit_mismatch';
  readonly fault = 'upstream';

  constructor(what: string, wanted: string, found: string) {
    super(
      `The archive of ${what} is of the commit ${found}, but its address says ${wanted}; nothing was kept`,
    );
  }
}

/** What was fetched is no module that could be published here. */
export class ModuleUnusable extends MirrorFailure {
  readonly code = 'module_unusable';
  readonly fault = 'upstream';

  constructor(what: string, reason: string, options?: ErrorOptions) {
    super(`The archive of ${what} cannot be used: ${reason}`, {}, options);
  }
}
