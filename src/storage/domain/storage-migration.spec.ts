import { describe, expect, it } from 'vitest';
import { isPossible, type MigrationAction, type MigrationState } from './storage-migration.js';
import { isGivenUp, waitAfter } from './storage-migration-failure.js';

const STATES: readonly MigrationState[] = [
  'planned',
  'running',
  'paused',
  'verifying',
  'completed',
  'failed',
  'cancelled',
];

describe('a storage migration', () => {
  it.each<[MigrationAction, MigrationState[]]>([
    ['pause', ['planned', 'running', 'verifying']],
    ['resume', ['paused', 'failed']],
    ['cancel', ['planned', 'running', 'paused', 'verifying', 'failed']],
    ['verify', ['completed', 'failed']],
  ])('allows to %s it in the states %j alone', (action, possible) => {
    expect(STATES.filter((state) => isPossible(action, state))).toEqual(possible);
  });
});

describe('an object that cannot be moved', () => {
  it('is tried again after longer and longer waits, up to five minutes', () => {
    expect([0, 1, 2, 3, 4, 5, 400].map(waitAfter)).toEqual([
      5_000, 5_000, 20_000, 80_000, 300_000, 300_000, 300_000,
    ]);
  });

  it('is given up after five attempts', () => {
    expect([isGivenUp('source-damaged', 4), isGivenUp('source-damaged', 5)]).toEqual([false, true]);
  });

  it('is never given up because a storage does not answer', () => {
    expect(isGivenUp('unavailable', 1_000_000)).toBe(false);
  });
});
