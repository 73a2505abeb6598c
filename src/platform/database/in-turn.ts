import type { QueryResultRow } from 'pg';
import type { DatabaseConnection } from './database-connection.js';

type Client = ReturnType<DatabaseConnection['createClient']>;

const turns = new WeakMap<Client, Promise<void>>();

/**
 * Runs a statement on a connection that several parts of a class share, after those that were begun before, and gives its
 * rows. A dead connection may swallow a statement without a word, so each has `timeoutMs`; when one had no answer by then,
 * all that follow fail as well, because nobody knows whose answer comes next.
 */
export function inTurn<Row extends QueryResultRow>(
  client: Client,
  text: string,
  values: readonly unknown[],
  timeoutMs: number,
): Promise<Row[]> {
  const query = { text, values: [...values], query_timeout: timeoutMs };
  const before = turns.get(client);
  const rows = Promise.resolve(before)
    .then(() => client.query<Row>(query))
    .then((result) => result.rows);
  const turn = rows.then(
    () => undefined,
    (error: unknown) => {
      if (isReadTimeout(error)) throw error;
    },
  );
  turn.catch(() => undefined);
  turns.set(client, turn);
  return rows;
}

/** What `pg` says when `query_timeout` is over. */
export function isReadTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}
