import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { mapDatabaseError } from './pg-errors.js';

type BeforeCommit = () => Promise<void>;
type AfterCommit = () => void | Promise<void>;

interface ActiveTransaction {
  readonly dataSource: DataSource;
  readonly manager: EntityManager;
  readonly afterCommit: AfterCommit[];
  readonly beforeCommit: BeforeCommit[];
  isOver: boolean;
}

const ambient = new AsyncLocalStorage<ActiveTransaction>();
const logger = new Logger('Transactions');

/**
 * The only opener of transactions (READ COMMITTED). Repositories join the one that surrounds the call; network
 * and object storage refuse to work inside one.
 */
@Injectable()
export class Transactions {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in a transaction and commits when it succeeds; a run inside another joins it. Throws what `work`
   * throws, and DatabaseUnavailable for timeouts, deadlocks and lost connections.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (activeOn(this.dataSource)) return work();
    const runner = this.dataSource.createQueryRunner();
    const transaction: ActiveTransaction = {
      dataSource: this.dataSource,
      manager: runner.manager,
      afterCommit: [],
      beforeCommit: [],
      isOver: false,
    };
    let result: T;
    try {
      await runner.startTransaction('READ COMMITTED');
      result = await ambient.run(transaction, async () => {
        const value = await work();
        for (const last of transaction.beforeCommit) await last();
        return value;
      });
      transaction.isOver = true;
      await runner.commitTransaction();
    } catch (error) {
      transaction.isOver = true;
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw mapDatabaseError(error);
    } finally {
      await runner.release();
    }
    await ambient.exit(() => callAll(transaction.afterCommit));
    return result;
  }

  /**
   * Runs `work` after the outermost commit, or at once when there is no transaction; never after a rollback. What
   * it throws is logged: the change is already made.
   */
  afterCommit(work: AfterCommit): void {
    const transaction = activeOn(this.dataSource);
    if (transaction) transaction.afterCommit.push(work);
    else void callAll([work]);
  }

  /**
   * Runs `work` as the last part of the surrounding transaction, in the order of the calls; its failure rolls
   * everything back. For rows that many transactions lock, so that the lock is short and always the last one.
   * Throws when there is no transaction.
   */
  beforeCommit(work: BeforeCommit): void {
    const transaction = activeOn(this.dataSource);
    if (!transaction) throw new Error('beforeCommit needs a surrounding transaction');
    transaction.beforeCommit.push(work);
  }

  /** Runs one statement, in the surrounding transaction if there is one, and answers its rows. */
  async query<Row>(statement: string, values: unknown[] = []): Promise<Row[]> {
    return Transactions.managerOf(this.dataSource).query<Row[]>(statement, values);
  }

  /** Whether the caller runs inside a transaction. */
  get isActive(): boolean {
    return activeOn(this.dataSource) !== undefined;
  }

  /** Throws when called inside a transaction; `what` names what must stay outside, e.g. `object storage`. */
  static assertNone(what: string): void {
    const transaction = ambient.getStore();
    if (transaction && !transaction.isOver) {
      throw new Error(`${what} must not be used inside a database transaction`);
    }
  }

  /** The entity manager of the surrounding transaction of this data source, or its ordinary one. */
  static managerOf(dataSource: DataSource): EntityManager {
    return activeOn(dataSource)?.manager ?? dataSource.manager;
  }
}

function activeOn(dataSource: DataSource): ActiveTransaction | undefined {
  const transaction = ambient.getStore();
  return transaction && !transaction.isOver && transaction.dataSource === dataSource
    ? transaction
    : undefined;
}

async function callAll(callbacks: readonly AfterCommit[]): Promise<void> {
  for (const callback of callbacks) {
    try {
      await callback();
    } catch (error) {
      logger.error('Work after a commit failed', error instanceof Error ? error.stack : String(error));
    }
  }
}
