import { Injectable } from '@nestjs/common';
import pg from 'pg';

/** Counts the SQL statements that the pool of this process sends, prepared statements and transactions included. */
@Injectable()
export class StatementCounter {
  private sent = 0;

  /** Statements sent since the start. */
  get count(): number {
    return this.sent;
  }

  /** A client class for a pool whose statements are to be counted. */
  clientClass(): typeof pg.Client {
    const increment = (): void => {
      this.sent += 1;
    };
    return class CountingClient extends pg.Client {
      override query(...args: never[]): never {
        increment();
        return (super.query as (...all: never[]) => never)(...args);
      }
    };
  }
}
