import { afterEach, describe, expect, it } from 'vitest';
import { armFailpointPlan, parseFailpointPlan } from './failpoint-plan.js';
import { armFailpoint, disarmFailpoints, failpoint } from './failpoint.js';

afterEach(disarmFailpoints);

describe('a failpoint', () => {
  it('does nothing unless armed', () => {
    expect(failpoint('after-blob-put')).toBeUndefined();
  });

  it('runs its action at every pass until it is taken away', () => {
    let passes = 0;
    const disarm = armFailpoint('after-blob-put', () => void passes++);
    void failpoint('after-blob-put');
    void failpoint('before-blob-link');
    void failpoint('after-blob-put');
    disarm();
    void failpoint('after-blob-put');
    expect(passes).toBe(2);
  });

  it('can hold its caller', async () => {
    const gate = Promise.withResolvers<void>();
    armFailpoint('sweep-mark', () => gate.promise);
    let passed = false;
    const caller = (async () => {
      await failpoint('sweep-mark');
      passed = true;
    })();
    await new Promise(setImmediate);
    expect(passed).toBe(false);
    gate.resolve();
    await caller;
    expect(passed).toBe(true);
  });
});

describe('a failpoint plan', () => {
  it('fails at the planned pass only', () => {
    armFailpointPlan(parseFailpointPlan('[{"name":"before-commit","action":"throw","hit":2}]'));
    expect(() => failpoint('before-commit')).not.toThrow();
    expect(() => failpoint('before-commit')).toThrow('Failpoint before-commit');
    expect(() => failpoint('before-commit')).not.toThrow();
  });

  it('kills where it says kill', () => {
    let killed = 0;
    armFailpointPlan([{ name: 'after-blob-link', action: 'kill' }], () => void killed++);
    void failpoint('after-blob-link');
    expect(killed).toBe(1);
  });

  it.each([
    ['{}', 'JSON array'],
    ['[{"name":"nowhere","action":"kill"}]', 'Unknown failpoint: nowhere'],
    ['[{"name":"before-commit","action":"sing"}]', 'Unknown failpoint action: sing'],
    ['[{"name":"before-commit","action":"kill","hit":0}]', 'whole number'],
    ['[null]', 'Unknown failpoint'],
  ])('refuses %s', (text, message) => {
    expect(() => parseFailpointPlan(text)).toThrow(message);
  });
});
