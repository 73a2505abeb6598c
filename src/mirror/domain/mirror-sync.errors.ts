import { DomainError } from '../../kernel/errors.js';
import { MirrorFailure } from './mirror.errors.js';

/** A mirror has a run that has not ended. */
export class SyncAlreadyRunning extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'sync_already_running';

  constructor() {
    super('A sync is already in progress for this mirror');
  }
}

/** The mirror has no such run. */
export class SyncNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'sync_not_found';

  constructor() {
    super('Sync not found');
  }
}

/** A run that has ended cannot be cancelled. */
export class SyncEnded extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'sync_ended';

  constructor() {
    super('This sync has ended already');
  }
}

/** Another process has taken over the run, so this one may write nothing more. */
export class SyncLeaseLost extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'sync_lease_lost';

  constructor() {
    super('Another process works on this sync');
  }
}

/** So many failures in a row that the rest of a run would fail as well. The next run tries again. */
export class SyncGivenUp extends MirrorFailure {
  readonly code = 'sync_given_up';
  readonly fault = 'network';
  override readonly isTransient = true;

  constructor(failures: number) {
    super(`The run was given up after ${failures} failures in a row; the next one goes on`);
  }
}
