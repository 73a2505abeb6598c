import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inTurn } from '../../../src/platform/database/in-turn.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const PATIENT_MS = 20_000;

describe('statements on a connection that several share', () => {
  let database: TestDatabase;
  let client: pg.Client;
  let atATime: number;
  let mostAtATime: number;
  let begun: number;

  beforeEach(async () => {
    database = await createTestDatabase();
    client = new pg.Client({ connectionString: database.url });
    client.on('error', () => undefined);
    await client.connect();
    [atATime, mostAtATime, begun] = [0, 0, 0];
    const query = client.query.bind(client) as (query: pg.QueryConfig) => Promise<pg.QueryResult>;
    client.query = (async (wanted: pg.QueryConfig) => {
      begun += 1;
      atATime += 1;
      mostAtATime = Math.max(mostAtATime, atATime);
      try {
        return await query(wanted);
      } finally {
        atATime -= 1;
      }
    }) as typeof client.query;
    return async () => {
      await client.end();
      await database.drop();
    };
  });
  afterEach(() => expect(atATime).toBe(0));

  const ask = (text: string, timeoutMs = PATIENT_MS) => inTurn<{ nr: number }>(client, text, [], timeoutMs);

  it('run one after the other, in the order in which they were begun', async () => {
    const ended: number[] = [];
    const asked = [1, 2, 3, 4, 5].map(async (nr) => {
      const [row] = await ask(`SELECT ${nr} AS nr FROM pg_sleep(${(5 - nr) / 100})`);
      ended.push(row!.nr);
    });
    await Promise.all(asked);
    expect(ended).toEqual([1, 2, 3, 4, 5]);
    expect(mostAtATime).toBe(1);
  });

  it('go on after one that failed', async () => {
    const failed = ask('SELECT nothing');
    const next = ask('SELECT 7 AS nr');
    await expect(failed).rejects.toThrow('column "nothing" does not exist');
    expect(await next).toEqual([{ nr: 7 }]);
  });

  it('all fail after one that had no answer in time, without being sent', async () => {
    const silent = ask('SELECT 1 AS nr FROM pg_sleep(2)', 50);
    const next = ask('SELECT 2 AS nr');
    await expect(silent).rejects.toThrow('Query read timeout');
    await expect(next).rejects.toThrow('Query read timeout');
    await expect(ask('SELECT 3 AS nr')).rejects.toThrow('Query read timeout');
    expect(begun).toBe(1);
  });
});
