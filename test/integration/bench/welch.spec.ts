import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { compareTimes, welchT } from '../../../bench/welch.js';

/** As precise as these generators need to be; the sequence of a seed is always the same. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Times around 200 with the long tail of a busy machine. */
function times(count: number, random: () => number, shift = 0): number[] {
  return Array.from({ length: count }, () => {
    const pause = random() < 0.02 ? 5_000 * random() : 0;
    return 200 + shift + 10 * (random() + random() + random()) + pause;
  });
}

describe("Welch's t", () => {
  it('is what other programs compute', () => {
    // scipy.stats.ttest_ind(one, other, equal_var=False), with the sign turned.
    const one = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9];
    const other = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5];
    expect(welchT(one, other)).toBeCloseTo(1.28963, 5);
    expect(welchT(other, one)).toBeCloseTo(-1.28963, 5);
  });

  it('is nothing between equal times, and beyond all bounds between times that never vary', () => {
    expect(welchT([1, 2, 3], [1, 2, 3])).toBe(0);
    expect(welchT([1, 1], [1, 1])).toBe(0);
    expect(welchT([1, 1], [2, 2])).toBe(Infinity);
    expect(() => welchT([1], [2, 3])).toThrow(RangeError);
  });
});

describe('comparing times', () => {
  it('finds a difference that pauses of the machine hide from the mean', () => {
    const random = generator(7);
    const [one, other] = [times(20_000, random), times(20_000, random, 1)];
    expect(Math.abs(welchT(one, other))).toBeLessThan(4.5);
    const { t, crop, difference } = compareTimes(one, other);
    expect(t).toBeGreaterThan(4.5);
    expect(crop).toBeLessThan(1);
    expect(difference).toBeGreaterThan(0);
  });

  it('finds none where there is none', () => {
    const seed = randomInt(2 ** 31);
    const random = generator(seed);
    const worst = Array.from({ length: 10 }, () => {
      return compareTimes(times(2_000, random), times(2_000, random)).t;
    });
    // One false alarm in some thousand comparisons is in the nature of the threshold; ten times the width is not.
    expect(Math.max(...worst), `seed ${seed}`).toBeLessThan(10);
    expect(worst.toSorted((one, other) => one - other)[5], `seed ${seed}`).toBeLessThan(4.5);
  });
});
