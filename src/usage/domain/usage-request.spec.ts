import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { readTopRequest, readUsageRequest } from './usage-request.js';

const LIMITS = { today: '2026-03-31', maxDays: 731 };

describe('a question about usage', () => {
  it('is about the last 30 days by version, as JSON, unless it says otherwise', () => {
    const range = { from: '2026-03-02', to: '2026-03-31' };
    expect(readUsageRequest({}, LIMITS)).toEqual({ range, by: 'version', format: 'json' });
    expect(readUsageRequest({ from: '', to: '', by: '', format: '' }, LIMITS).range).toEqual(range);
  });

  it('counts the 30 days back from the last day', () => {
    expect(readUsageRequest({ to: '2024-03-01' }, LIMITS).range).toEqual({
      from: '2024-02-01',
      to: '2024-03-01',
    });
  });

  it('may have a first and last day that are the same, in the past or in the future', () => {
    for (const day of ['2024-02-29', '2026-03-31', '2030-01-01']) {
      expect(readUsageRequest({ from: day, to: day }, LIMITS).range).toEqual({ from: day, to: day });
    }
  });

  it('covers the longest range and not one day more', () => {
    const limits = { today: '2026-03-31', maxDays: 10 };
    expect(readUsageRequest({}, limits).range.from).toBe('2026-03-22');
    expect(readUsageRequest({ from: '2026-03-22' }, limits).range.from).toBe('2026-03-22');
    expect(() => readUsageRequest({ from: '2026-03-21' }, limits)).toThrow(
      'Ask for at most 10 days at a time: move "from" or "to"',
    );
  });

  it.each([
    [{ from: '2026-02-30' }, 'from', 'Give "from" as a day like 2026-03-31'],
    [{ to: 'tomorrow' }, 'to', 'Give "to" as a day like 2026-03-31'],
    [{ to: '2026-03-01T00:00:00Z' }, 'to', 'Give "to" as a day like 2026-03-31'],
    [
      { from: '2026-03-02', to: '2026-03-01' },
      'from',
      '"from" (2026-03-02) must not be after "to" (2026-03-01)',
    ],
    [{ by: 'person' }, 'by', 'Use one of these for "by": version, day, client, organization'],
    [{ format: 'xlsx' }, 'format', 'Use one of these for "format": json, csv'],
  ])('is refused with a sentence that says what to change: %j', (query, field, sentence) => {
    expect(problemsOf(() => readUsageRequest(query, LIMITS))).toEqual({ [field]: sentence });
  });

  it('is told everything that is wrong with it at once', () => {
    const problems = problemsOf(() => readUsageRequest({ from: 'a', to: 'b', by: 'c', format: 'd' }, LIMITS));
    expect(Object.keys(problems).sort()).toEqual(['by', 'format', 'from', 'to']);
  });
});

describe('a question about what is downloaded most', () => {
  it.each([
    [undefined, 10],
    ['', 10],
    ['0', 10],
    ['-5', 10],
    ['many', 10],
    ['1', 1],
    ['100', 100],
    ['101', 100],
    ['99999999999999999999', 100],
  ])('with limit %j has at most %i rows', (limit, rows) => {
    expect(readTopRequest({ limit }, LIMITS).limit).toBe(rows);
  });

  it('refuses a kind that it does not know', () => {
    expect(problemsOf(() => readTopRequest({ kind: 'user' }, LIMITS))).toEqual({
      kind: 'Use one of these for "kind": module, provider, consumer, client',
    });
  });
});

function problemsOf(read: () => unknown): Record<string, string> {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInput);
    return (error as InvalidInput).facts.fields ?? {};
  }
  throw new Error('nothing was refused');
}
