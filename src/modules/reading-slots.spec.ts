import { describe, expect, it } from 'vitest';
import { ModuleFilesBusy } from './domain/modules.errors.js';
import { ReadingSlots } from './reading-slots.js';

describe('reading slots', () => {
  it('let so many work at a time and so many wait, and turn further ones away', async () => {
    const slots = new ReadingSlots(2, 3);
    let active = 0;
    let most = 0;
    const release: (() => void)[] = [];
    const work = async (): Promise<void> => {
      active += 1;
      most = Math.max(most, active);
      await new Promise<void>((resolve) => release.push(resolve));
      active -= 1;
    };
    const admitted = Array.from({ length: 5 }, () => slots.run(work));
    await expect(slots.run(work)).rejects.toThrow(ModuleFilesBusy);
    for (let count = 0; count < 5; count += 1) {
      await expect.poll(() => release.length).toBeGreaterThan(0);
      release.shift()!();
    }
    await Promise.all(admitted);
    expect([most, active]).toEqual([2, 0]);
  });

  it('are free again after a failure', async () => {
    const slots = new ReadingSlots(1, 0);
    await expect(slots.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await slots.run(() => Promise.resolve('yes'))).toBe('yes');
  });
});
