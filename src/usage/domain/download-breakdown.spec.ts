import { describe, expect, it } from 'vitest';
import { breakdownOf } from './download-breakdown.js';

const origin = (client: string, organizationId: string, downloads = 1) => ({
  targetId: 'a',
  client,
  organizationId,
  downloads,
});

describe('what a batch of downloads divides into', () => {
  it('is added up by client and by organization', () => {
    const origins = [
      origin('terraform 1.11.4', 'one', 2),
      origin('other', 'one'),
      origin('terraform 1.11.4', ''),
    ];
    expect(breakdownOf(new Map([['a', 4]]), origins)).toEqual([
      { targetId: 'a', dimension: 'client', value: 'terraform 1.11.4', downloads: 3 },
      { targetId: 'a', dimension: 'organization', value: 'one', downloads: 3 },
      { targetId: 'a', dimension: 'client', value: 'other', downloads: 1 },
    ]);
  });

  it('never exceeds what was counted, and knows nothing of what was not', () => {
    expect(
      breakdownOf(new Map([['a', 2]]), [origin('x', '', 1), origin('y', '', 5), origin('z', '')]),
    ).toEqual([
      { targetId: 'a', dimension: 'client', value: 'x', downloads: 1 },
      { targetId: 'a', dimension: 'client', value: 'y', downloads: 1 },
    ]);
    expect(breakdownOf(new Map([['b', 2]]), [origin('x', 'one')])).toEqual([]);
  });
});
