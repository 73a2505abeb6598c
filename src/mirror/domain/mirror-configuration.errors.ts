import { DomainError } from '../../kernel/errors.js';

/** A mirror that does not exist, or that the caller may not see. */
export class MirrorNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'mirror_not_found';

  constructor() {
    super('Mirror not found');
  }
}

/** Another mirror has this name, perhaps in another case. */
export class MirrorNameTaken extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'mirror_name_taken';

  constructor() {
    super('Mirror configuration with this name already exists');
  }
}

/** What was asked for has to wait until the run of the mirror has ended. */
export class MirrorSyncing extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'mirror_syncing';

  constructor() {
    super('A sync is in progress for this mirror; cancel it or wait until it has ended');
  }
}

/** Upstream and organization are part of what was fetched, approved and trusted through the mirror. */
export class MirrorInUse extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'mirror_in_use';

  constructor(field: 'upstream_registry_url' | 'organization_id') {
    const what = field === 'organization_id' ? 'organization' : 'upstream';
    super(`This mirror has found providers already, so its ${what} stays; create another mirror instead`, {
      fields: { [field]: `The ${what} of a mirror that has found providers does not change` },
    });
  }
}

/** Without encryption everybody on the way could read the token. */
export class UpstreamTokenNeedsHttps extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'upstream_token_needs_https';

  constructor() {
    super('A token is only sent to an upstream whose address begins with https://', {
      fields: { upstream_token: 'It needs an upstream_registry_url that begins with https://' },
    });
  }
}

/** A stored token is never sent to another address than the one it was given for. */
export class UpstreamTokenNotForAddress extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'upstream_token_not_for_address';

  constructor() {
    super(
      'The stored token was given for another upstream; send upstream_token again, or null to take it out',
      {
        fields: { upstream_token: 'It has to be sent again with another upstream_registry_url' },
      },
    );
  }
}

/** A setting of a mirror that cannot be used. */
export class InvalidMirrorSetting extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_mirror_setting';

  constructor(field: string, reason: string) {
    super(`Invalid ${field}: ${reason}`, { fields: { [field]: reason } });
  }
}

/** A run was asked for a part of a mirror that cannot be. */
export class InvalidSyncRestriction extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'invalid_sync_restriction';

  constructor(field: 'namespace' | 'provider_name', reason: string) {
    super(`Invalid ${field}: ${reason}`, { fields: { [field]: reason } });
  }
}

/** This process makes as many dry runs as it may at a time. */
export class DryRunsBusy extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'dry_runs_busy';

  constructor() {
    super('Too many dry runs are going on; try again in a moment (mirror.plan_concurrency)', {
      retryAfterSeconds: 10,
    });
  }
}

/** Somebody who may only manage mirrors would let more through than policies and approvals of others do. */
export class MirrorChecksLoosened extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'mirror_checks_loosened';

  constructor(fields: readonly string[]) {
    super('Missing required scope', {
      details: `Required scope: admin, to let more through by ${fields.join(', ')}`,
    });
  }
}
