import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseUnavailable } from '../../../src/platform/database/database.errors.js';
import { NamedQuery } from '../../../src/platform/database/named-query.js';
import { isUniqueViolation } from '../../../src/platform/database/pg-errors.js';
import { StatementCounter } from '../../../src/platform/database/statement-counter.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

describe('transactions', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let transactions: Transactions;
  const counter = new StatementCounter();

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await database.open([], counter);
    transactions = new Transactions(dataSource);
    await dataSource.query('CREATE TABLE notes (name text CONSTRAINT uq_note PRIMARY KEY)');
  });
  beforeEach(() => dataSource.query('DELETE FROM notes'));
  afterAll(() => database.drop());

  const add = (name: string): Promise<unknown> =>
    Transactions.managerOf(dataSource).query('INSERT INTO notes VALUES ($1)', [name]);
  const names = async (): Promise<string[]> => {
    const rows = (await dataSource.query('SELECT name FROM notes ORDER BY name')) as { name: string }[];
    return rows.map(({ name }) => name);
  };

  it('commits what the work did', async () => {
    await transactions.run(() => add('kept'));
    expect(await names()).toEqual(['kept']);
  });

  it('rolls everything back when the work throws, and passes the error on', async () => {
    const failure = new Error('changed my mind');
    const run = transactions.run(async () => {
      await add('lost');
      throw failure;
    });
    await expect(run).rejects.toBe(failure);
    expect(await names()).toEqual([]);
  });

  it('lets nested runs join the outer one', async () => {
    const run = transactions.run(async () => {
      await transactions.run(() => add('inner'));
      expect(await names()).toEqual([]);
      throw new Error('outer failed');
    });
    await expect(run).rejects.toThrow('outer failed');
    expect(await names()).toEqual([]);
  });

  it('keeps concurrent transactions apart', async () => {
    const runs = Array.from({ length: 20 }, (_, index) =>
      transactions.run(async () => {
        await add(`note ${index}`);
        await sleep(index % 3);
        if (index % 2 === 1) throw new Error('odd');
      }),
    );
    const outcomes = await Promise.allSettled(runs);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect(await names()).toHaveLength(10);
  });

  it('runs work after the commit, outside of the transaction, and never after a rollback', async () => {
    const seen: string[] = [];
    await transactions.run(async () => {
      await add('first');
      transactions.afterCommit(async () => {
        seen.push(`${transactions.isActive} ${(await names()).join()}`);
      });
      expect(seen).toEqual([]);
    });
    await transactions
      .run(async () => {
        transactions.afterCommit(() => void seen.push('never'));
        throw new Error('no');
      })
      .catch(() => undefined);
    transactions.afterCommit(() => void seen.push('at once'));
    expect(seen).toEqual(['false first', 'at once']);
  });

  it('does not fail a committed run because of the work after it', async () => {
    const run = transactions.run(async () => {
      await add('kept');
      transactions.afterCommit(() => {
        throw new Error('too late');
      });
      return 'done';
    });
    await expect(run).resolves.toBe('done');
  });

  it('tells ports that must stay outside that they are inside', async () => {
    const run = transactions.run(async () => Transactions.assertNone('object storage'));
    await expect(run).rejects.toThrow('object storage must not be used inside a database transaction');
    expect(() => Transactions.assertNone('object storage')).not.toThrow();
  });

  it('does not use the connection of a transaction that is over', async () => {
    let late: Promise<unknown> = Promise.resolve();
    await transactions.run(async () => {
      late = sleep(30).then(() => add('late'));
    });
    await late;
    expect(await names()).toEqual(['late']);
  });

  it('recognizes a broken unique constraint by name', async () => {
    await add('twice');
    const error: unknown = await transactions.run(() => add('twice')).catch((caught: unknown) => caught);
    expect([
      isUniqueViolation(error),
      isUniqueViolation(error, 'uq_note'),
      isUniqueViolation(error, 'uq_other'),
    ]).toEqual([true, true, false]);
  });

  it('turns statement timeouts and lost connections into DatabaseUnavailable', async () => {
    const slow = transactions.run(async () => {
      const manager = Transactions.managerOf(dataSource);
      await manager.query(`SET LOCAL statement_timeout = '20ms'`);
      await manager.query('SELECT pg_sleep(5)');
    });
    await expect(slow).rejects.toBeInstanceOf(DatabaseUnavailable);
    const cut = transactions.run(async () => {
      await Transactions.managerOf(dataSource).query('SELECT pg_terminate_backend(pg_backend_pid())');
    });
    await expect(cut).rejects.toMatchObject({ kind: 'unavailable', facts: { retryAfterSeconds: 2 } });
    await transactions.run(() => add('after'));
    expect(await names()).toEqual(['after']);
  });

  it('runs named statements in the surrounding transaction', async () => {
    const find = new NamedQuery<{ name: string }>(
      dataSource,
      'find-note',
      'SELECT name FROM notes WHERE name = $1',
    );
    await transactions.run(async () => {
      await add('inside');
      expect(await find.run(['inside'])).toEqual([{ name: 'inside' }]);
      expect(await dataSource.query(`SELECT 1 FROM notes`)).toEqual([]);
    });
    expect(await find.run(['inside'])).toEqual([{ name: 'inside' }]);
  });

  it('counts every statement of the pool, prepared ones included', async () => {
    const find = new NamedQuery(dataSource, 'count-me', 'SELECT 1');
    const before = counter.count;
    await find.run([]);
    await dataSource.query('SELECT 2');
    expect(counter.count - before).toBe(2);
  });
});
