import { describe, expect, it } from 'vitest';
import { ReadDecisions } from './read-decisions.js';

describe('read decisions', () => {
  it('hold for exactly this header, namespace in any spelling, and scope', () => {
    const decisions = new ReadDecisions();
    decisions.remember('Bearer a', 'My_Org', 'modules:read', true);
    decisions.remember('Bearer b', 'my-org', 'modules:read', false);
    expect(decisions.find('Bearer a', 'my-org', 'modules:read')).toBe(true);
    expect(decisions.find('Bearer b', 'my-org', 'modules:read')).toBe(false);
    expect(decisions.find('bearer a', 'my-org', 'modules:read')).toBeUndefined();
    expect(decisions.find('Bearer a', 'other', 'modules:read')).toBeUndefined();
    expect(decisions.find('Bearer a', 'my-org', 'providers:read')).toBeUndefined();
  });

  it('live one second from the moment the facts were read (threat K8)', () => {
    const decisions = new ReadDecisions();
    decisions.remember('Bearer a', 'n', 'modules:read', true, performance.now() - 990);
    expect(decisions.find('Bearer a', 'n', 'modules:read')).toBe(true);
    decisions.remember('Bearer a', 'n', 'modules:read', true, performance.now() - 1_001);
    expect(decisions.find('Bearer a', 'n', 'modules:read')).toBeUndefined();
  });

  it('are gone when something about rights changes here', () => {
    const decisions = new ReadDecisions();
    decisions.remember('Bearer a', 'n', 'modules:read', true);
    decisions.clear();
    expect(decisions.find('Bearer a', 'n', 'modules:read')).toBeUndefined();
  });

  it('do not come back out of a request that read its facts before the change', () => {
    const decisions = new ReadDecisions();
    const readAtMs = performance.now();
    decisions.clear();
    decisions.remember('Bearer a', 'n', 'modules:read', true, readAtMs);
    expect(decisions.find('Bearer a', 'n', 'modules:read')).toBeUndefined();
    decisions.remember('Bearer a', 'n', 'modules:read', true);
    expect(decisions.find('Bearer a', 'n', 'modules:read')).toBe(true);
  });

  it('are bounded, and keep no header', () => {
    const decisions = new ReadDecisions();
    for (let index = 0; index < 25_000; index += 1)
      decisions.remember(`Bearer ${index}`, 'n', 'modules:read', true);
    const kept = [...(decisions['decisions'] as Map<string, unknown>).keys()];
    expect(kept.length).toBeLessThanOrEqual(20_000);
    expect(kept.some((key) => key.includes('Bearer'))).toBe(false);
    expect(decisions.find('Bearer 24999', 'n', 'modules:read')).toBe(true);
  });
});
