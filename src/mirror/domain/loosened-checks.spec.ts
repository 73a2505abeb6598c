import { describe, expect, it } from 'vitest';
import { loosenedChecks } from './loosened-checks.js';

const usual = { keyTrust: 'partner', coolDownDays: 0, autoApproval: null } as const;

describe('What lets more through a mirror', () => {
  it.each([
    ['nothing that stays', usual, usual, []],
    ['no stricter trust', { ...usual, keyTrust: 'pinned' as const }, usual, []],
    ['no longer cool-down', { ...usual, coolDownDays: 7 }, usual, []],
    ['no end of rules', usual, { ...usual, autoApproval: { patchOnly: true } }, []],
    ['trust at first sight', { ...usual, keyTrust: 'community' as const }, usual, ['key_trust']],
    ['a shorter cool-down', { ...usual, coolDownDays: 1 }, { ...usual, coolDownDays: 2 }, ['cool_down_days']],
    ['new rules', { ...usual, autoApproval: { patchOnly: true } }, usual, ['auto_approval']],
    [
      'other rules',
      { ...usual, autoApproval: { minAgeDays: 1 } },
      { ...usual, autoApproval: { minAgeDays: 9 } },
      ['auto_approval'],
    ],
  ])('is %s', (_, after, before, fields) => {
    expect(loosenedChecks(after, before)).toEqual(fields);
  });

  it('is measured by what is usual in a new mirror', () => {
    expect(loosenedChecks({ ...usual, keyTrust: 'community' })).toEqual(['key_trust']);
    expect(loosenedChecks({ ...usual, keyTrust: 'hashicorp', coolDownDays: 3 })).toEqual([]);
  });
});
