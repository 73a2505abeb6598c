import { Setting } from './setting.decorator.js';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Accounts with a password of this registry (REST contract 30.4). */
export class LocalAccountsConfig {
  @Setting({
    key: 'auth.local.enabled',
    type: 'bool',
    description: 'Local accounts with a password; false leaves identity providers only.',
  })
  readonly enabled: boolean = true;

  @Setting({
    key: 'auth.local.min_length',
    type: 'int',
    min: 8,
    max: 128,
    description: 'Characters of the shortest password.',
  })
  readonly minLength: number = 12;

  @Setting({
    key: 'auth.local.max_failures',
    type: 'int',
    min: 1,
    max: 1_000,
    description: 'Wrong passwords in a row before an account locks.',
  })
  readonly maxFailures: number = 10;

  @Setting({
    key: 'auth.local.lockout',
    type: 'duration',
    min: MINUTE,
    max: DAY,
    description: 'How long an account stays locked.',
  })
  readonly lockoutMs: number = 15 * MINUTE;

  @Setting({
    key: 'auth.local.max_hashes',
    type: 'int',
    min: 1,
    max: 64,
    description: 'Passwords that a process checks at a time; each takes a core and 19 MiB for a moment.',
  })
  readonly maxHashes: number = 2;

  @Setting({
    key: 'auth.local.max_waiting',
    type: 'int',
    min: 0,
    max: 10_000,
    description: 'Password checks that wait for their turn; more are answered with 503.',
  })
  readonly maxWaiting: number = 100;
}
