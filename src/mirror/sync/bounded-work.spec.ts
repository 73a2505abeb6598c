import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { forEachAtMost } from './bounded-work.js';
import { FetchSlots } from './fetch-slots.js';

describe('work on many items', () => {
  it.each([1, 3, 100])('is done for each of them once, %i at a time', async (width) => {
    const items = Array.from({ length: 20 }, (_, at) => at);
    const done: number[] = [];
    let running = 0;
    let most = 0;
    await forEachAtMost(width, items, async (item) => {
      most = Math.max(most, (running += 1));
      await wait(1);
      running -= 1;
      done.push(item);
    });
    expect(done.toSorted((a, b) => a - b)).toEqual(items);
    expect(most).toBe(Math.min(width, items.length));
  });

  it('begins nothing more after a failure, and waits for what runs', async () => {
    const begun: number[] = [];
    let ended = 0;
    const work = forEachAtMost(2, [0, 1, 2, 3], async (item) => {
      begun.push(item);
      if (item === 0) throw new Error('broken');
      await wait(5);
      ended += 1;
    });
    await expect(work).rejects.toThrow('broken');
    expect(begun).toEqual([0, 1]);
    expect(ended).toBe(1);
  });
});

describe('slots for fetching', () => {
  it('let the next one go on when one is given back', async () => {
    const slots = new FetchSlots(1);
    const giveBack = await slots.take();
    const order: string[] = [];
    const second = slots.take().then((give) => (order.push('second'), give));
    await wait(1);
    order.push('given back');
    giveBack();
    (await second)();
    (await slots.take())();
    expect(order).toEqual(['given back', 'second']);
  });
});
