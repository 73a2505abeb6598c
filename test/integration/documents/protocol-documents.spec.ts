import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, createTestDatabase } from '../../support/database.js';
import { type DocumentNode, document, startNode, until } from './document-node.js';

describe('protocol documents of one process', () => {
  let database: TestDatabase;
  let node: DocumentNode;
  let cold: DocumentNode;

  beforeAll(async () => {
    database = await createTestDatabase();
    node = await startNode(database);
    cold = await startNode(database, { listens: false });
  });
  afterAll(async () => {
    await node.close();
    await cold.close();
    await database.drop();
  });

  const replace = (subject: string, ...bodies: [string, string][]) =>
    node.transactions.run(() =>
      node.documents.replace(
        subject,
        bodies.map(([path, body]) => document(path, body)),
      ),
    );

  it('sends exactly one statement for a miss and none for a hit (checklist 69)', async () => {
    await replace('module:a/miss/aws', ['/miss', '{"n":1}']);
    expect(await cold.statementsOf(() => cold.body('/miss'))).toBe(1);
    for (let hit = 0; hit < 100; hit += 1) {
      expect(await cold.statementsOf(() => cold.body('/miss'))).toBe(0);
    }
    expect(await cold.body('/miss')).toBe('{"n":1}');
  });

  it('shares one statement between a thousand callers of one cold path', async () => {
    await replace('module:a/flight/aws', ['/flight', '{"n":1}']);
    const bodies: (string | undefined)[] = [];
    const statements = await cold.statementsOf(async () => {
      bodies.push(...(await Promise.all(Array.from({ length: 1_000 }, () => cold.body('/flight')))));
    });
    expect(statements).toBe(1);
    expect(new Set(bodies)).toEqual(new Set(['{"n":1}']));
  });

  it('remembers for a while that a path has no document', async () => {
    expect(await cold.statementsOf(() => cold.body('/nowhere'))).toBe(1);
    expect(await cold.statementsOf(() => cold.body('/nowhere'))).toBe(0);
    expect(await cold.body('/nowhere')).toBeUndefined();
  });

  it('serves what it has committed without asking the database, also after it knew of nothing there', async () => {
    expect(await node.body('/fresh')).toBeUndefined();
    await replace('module:a/fresh/aws', ['/fresh', '{"n":1}']);
    expect(await node.statementsOf(async () => expect(await node.body('/fresh')).toBe('{"n":1}'))).toBe(0);
    await replace('module:a/fresh/aws', ['/fresh', '{"n":2}']);
    expect(await node.statementsOf(async () => expect(await node.body('/fresh')).toBe('{"n":2}'))).toBe(0);
  });

  it('takes documents away that a subject no longer has', async () => {
    await replace('module:a/gone/aws', ['/gone/1', '1'], ['/gone/2', '2']);
    await replace('module:a/gone/aws', ['/gone/2', '2']);
    expect(await node.body('/gone/1')).toBeUndefined();
    expect(await node.body('/gone/2')).toBe('2');
    await node.transactions.run(() => node.documents.removeSubject('module:a/gone/aws'));
    expect(await node.body('/gone/2')).toBeUndefined();
  });

  it('keeps the other documents of a subject when some are changed, in memory too', async () => {
    await replace('module:a/change/aws', ['/change/1', '1'], ['/change/2', '2'], ['/change/3', '3']);
    await node.transactions.run(() =>
      node.documents.change('module:a/change/aws', {
        put: [document('/change/1', 'one'), document('/change/4', '4')],
        remove: ['/change/3'],
      }),
    );
    const statements = await node.statementsOf(async () => {
      expect(await node.body('/change/1')).toBe('one');
      expect(await node.body('/change/2')).toBe('2');
      expect(await node.body('/change/4')).toBe('4');
    });
    expect(statements).toBe(0);
    expect(await node.body('/change/3')).toBeUndefined();
  });

  it('changes nothing when the transaction is rolled back', async () => {
    await replace('module:a/back/aws', ['/back', '{"n":1}']);
    const failing = node.transactions.run(async () => {
      await node.documents.replace('module:a/back/aws', [document('/back', '{"n":2}')]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await node.body('/back')).toBe('{"n":1}');
    expect((await cold.documents.answer('/back'))?.document.generation).toBe(1);
  });

  it('refuses to be changed outside of a transaction', async () => {
    await expect(node.documents.replace('module:a/b/c', [])).rejects.toThrow('inside a transaction');
  });

  it('lets concurrent publishers of one subject see each other: no version is lost', async () => {
    const versions = Array.from({ length: 20 }, (_, index) => `1.0.${index}`);
    const source = node.connection.dataSource;
    await source.query('CREATE TABLE test_versions (version text)');
    await Promise.all(
      versions.map((version) =>
        node.transactions.run(async () => {
          await node.documents.replace('module:a/many/aws', async () => {
            await node.repository['manager'].query('INSERT INTO test_versions VALUES ($1)', [version]);
            const rows = await node.repository['manager'].query('SELECT version FROM test_versions');
            return [document('/many', JSON.stringify(rows.map((row: { version: string }) => row.version)))];
          });
        }),
      ),
    );
    const served = JSON.parse((await node.body('/many')) ?? '[]') as string[];
    expect(served.toSorted()).toEqual(versions.toSorted());
    expect(await cold.body('/many')).toBe(await node.body('/many'));
    expect((await node.documents.answer('/many'))?.document.generation).toBe(20);
  });

  it('never lets a slow load put an older generation over a newer one', async () => {
    await replace('module:a/slow/aws', ['/slow', '{"n":1}']);
    node.cache.dropSubject('module:a/slow/aws');
    const find = node.repository.find.bind(node.repository);
    let delayed = 0;
    node.repository.find = async (path) => {
      const row = await find(path);
      if (delayed++ === 0) await replace('module:a/slow/aws', ['/slow', '{"n":2}']);
      return row;
    };
    try {
      expect(await node.body('/slow')).toBe('{"n":2}');
      expect(await node.body('/slow')).toBe('{"n":2}');
    } finally {
      node.repository.find = find;
    }
    expect(delayed).toBe(2);
  });

  it('does not remember an absence that was over before it was told', async () => {
    const find = node.repository.find.bind(node.repository);
    let delayed = 0;
    node.repository.find = async (path) => {
      const row = await find(path);
      if (delayed++ === 0) await replace('module:a/late/aws', ['/late', '{"n":1}']);
      return row;
    };
    try {
      expect(await node.body('/late')).toBe('{"n":1}');
    } finally {
      node.repository.find = find;
    }
  });

  it('stores five thousand documents of a subject and rewrites only what changed (checklist 41)', async () => {
    const paths = Array.from({ length: 5_000 }, (_, index) => `/wide/1.0.${index}/download`);
    const documents = paths.map((path) => document(path, '{}'));
    const subject = 'module:a/wide/aws';
    await node.transactions.run(() => node.documents.replace(subject, documents));
    await node.transactions.run(() =>
      node.documents.replace(subject, [document(paths[0]!, '{"new":true}'), ...documents.slice(1)]),
    );
    const rows = await node.connection.dataSource.query(
      'SELECT generation, count(*)::int AS n FROM protocol_documents WHERE subject = $1 GROUP BY generation ORDER BY 1',
      [subject],
    );
    expect(rows).toEqual([
      { generation: '1', n: 4_999 },
      { generation: '2', n: 1 },
    ]);
    expect((await cold.documents.answer(paths[4_999]!))?.document.generation).toBe(2);
  });

  it('answers DatabaseUnavailable when the database does not answer within a second', async () => {
    const blocker = cold.connection.createClient('blocker');
    await blocker.connect();
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE protocol_documents IN ACCESS EXCLUSIVE MODE');
    try {
      const started = performance.now();
      await expect(cold.documents.answer('/locked')).rejects.toMatchObject({ kind: 'unavailable' });
      expect(performance.now() - started).toBeLessThan(3_000);
    } finally {
      await blocker.query('ROLLBACK');
      await blocker.end();
    }
    await until(async () => (await cold.documents.answer('/locked').catch(() => null)) === undefined);
  });
});
