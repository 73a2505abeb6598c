import { describe, expect, it } from 'vitest';
import { VersionStateConflict } from './terraform.errors.js';
import type { VersionStanding } from './version-life.js';
import {
  isDownloadable,
  isQuarantined,
  isShown,
  quarantine,
  restore,
  type StandingVersion,
  UNTOUCHED,
  withdraw,
} from './version-standing.js';

const AT = new Date('2026-03-04T10:11:12Z');
const LATER = new Date('2026-03-05T10:11:12Z');

const HIDDEN = {
  state: 'withdrawn',
  stateReason: 'old',
  withdrawMode: 'hide',
  withdrawReason: 'old',
  quarantinedAt: null,
} as const;
const REFUSED = { ...HIDDEN, withdrawMode: 'refuse' } as const;
const QUARANTINED = { ...UNTOUCHED, state: 'quarantined', stateReason: 'odd', quarantinedAt: AT } as const;
const QUARANTINED_WITHDRAWN = {
  ...REFUSED,
  state: 'quarantined',
  stateReason: 'odd',
  quarantinedAt: AT,
} as const;
const MARKED_TOMBSTONE = { ...QUARANTINED, state: 'deleted' } as const;

const named = (standing: VersionStanding): StandingVersion => ({ ...standing, version: '1.2.3' });

const ACTIONS = {
  hide: (version: StandingVersion) => withdraw(version, 'new reason', 'hide'),
  refuse: (version: StandingVersion) => withdraw(version, 'new reason', 'refuse'),
  quarantine: (version: StandingVersion) => quarantine(version, 'new reason', LATER),
  restore,
};
const withdrawn = (withdrawMode: 'hide' | 'refuse') => ({
  ...HIDDEN,
  stateReason: 'new reason',
  withdrawReason: 'new reason',
  withdrawMode,
});
const held = (before: VersionStanding) => ({
  ...before,
  state: 'quarantined',
  stateReason: 'new reason',
  quarantinedAt: LATER,
});

type Row = [string, VersionStanding, Record<keyof typeof ACTIONS, object | RegExp>];

describe('the standing of a version', () => {
  it.each<Row>([
    [
      'active',
      UNTOUCHED,
      {
        hide: withdrawn('hide'),
        refuse: withdrawn('refuse'),
        quarantine: held(UNTOUCHED),
        restore: /Version 1\.2\.3 is active: there is nothing to restore/,
      },
    ],
    [
      'withdrawn and hidden',
      HIDDEN,
      {
        hide: /is withdrawn: restore it/,
        refuse: /is withdrawn/,
        quarantine: held(HIDDEN),
        restore: UNTOUCHED,
      },
    ],
    [
      'withdrawn and refused',
      REFUSED,
      { hide: /is withdrawn/, refuse: /is withdrawn/, quarantine: held(REFUSED), restore: UNTOUCHED },
    ],
    [
      'quarantined',
      QUARANTINED,
      {
        hide: /is quarantined: an administrator/,
        refuse: /is quarantined/,
        quarantine: /is quarantined: restore it first/,
        restore: UNTOUCHED,
      },
    ],
    [
      'quarantined after it was withdrawn',
      QUARANTINED_WITHDRAWN,
      { hide: /is quarantined/, refuse: /is quarantined/, quarantine: /is quarantined/, restore: REFUSED },
    ],
  ])('of a version that is %s changes by the table', (_name, standing, outcomes) => {
    for (const [action, outcome] of Object.entries(outcomes)) {
      const act = () => ACTIONS[action as keyof typeof ACTIONS](named(standing));
      if (outcome instanceof RegExp) {
        expect(act, action).toThrow(VersionStateConflict);
        expect(act, action).toThrow(outcome);
      } else expect(act(), action).toEqual(outcome);
    }
  });

  it('of a tombstone loses the quarantine and stays deleted', () => {
    expect(isQuarantined(MARKED_TOMBSTONE)).toBe(true);
    const lifted = restore(named(MARKED_TOMBSTONE));
    expect(lifted).toEqual({ ...UNTOUCHED, state: 'deleted' });
    expect(isQuarantined(lifted)).toBe(false);
  });

  it.each([
    ['active', UNTOUCHED, true, true, true],
    ['withdrawn and hidden', HIDDEN, true, true, true],
    ['withdrawn and refused', REFUSED, false, true, true],
    ['quarantined', QUARANTINED, false, false, true],
    ['deleted while quarantined', MARKED_TOMBSTONE, false, false, false],
  ] as const)('%s decides who sees and gets it', (_name, standing, downloads, readers, writers) => {
    expect([
      isDownloadable(standing),
      isShown(standing, { mayWrite: false }),
      isShown(standing, { mayWrite: true }),
    ]).toEqual([downloads, readers, writers]);
  });
});
