import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, createTestDatabase } from '../../support/database.js';
import { type DocumentNode, document, startNode, until } from './document-node.js';

describe('protocol documents of several processes', () => {
  let database: TestDatabase;
  const nodes: DocumentNode[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.close()));
  });
  afterAll(() => database.drop());

  async function start(options?: { listens?: boolean }): Promise<DocumentNode> {
    const node = await startNode(database, options);
    nodes.push(node);
    return node;
  }

  const publish = (node: DocumentNode, subject: string, path: string, body: string) =>
    node.transactions.run(() => node.documents.replace(subject, [document(path, body)]));

  it('tells the other processes at once (staleness far below the poll)', async () => {
    const [one, other] = [await start(), await start()];
    const delays: number[] = [];
    for (let round = 1; round <= 20; round += 1) {
      await publish(one, 'module:a/told/aws', '/told', `${round}`);
      const committed = performance.now();
      await until(async () => (await other.body('/told')) === `${round}`, 1_000);
      delays.push(performance.now() - committed);
    }
    expect(delays.toSorted((a, b) => a - b)[10]).toBeLessThan(100);
  });

  it('drops what another process knew to be absent', async () => {
    const [one, other] = [await start(), await start()];
    expect(await other.body('/absent')).toBeUndefined();
    await publish(one, 'module:a/absent/aws', '/absent', '1');
    await until(async () => (await other.body('/absent')) === '1', 1_000);
  });

  it('reaches the others although the publisher died between commit and NOTIFY', async () => {
    const [dying, other] = [await start({ listens: false }), await start()];
    await publish(other, 'module:a/poll/aws', '/poll', '1');
    expect(await other.body('/poll')).toBe('1');
    await publish(dying, 'module:a/poll/aws', '/poll', '2');
    await until(async () => (await other.body('/poll')) === '2', 6_000);
  });

  it('does not forget absent paths at every poll', async () => {
    const [one, other] = [await start(), await start()];
    await publish(one, 'module:a/again/aws', '/again', '1');
    await until(async () => (await other.body('/again')) === '1');
    // A poll that comes late may have missed news and does forget: on a busy machine the next one shows it.
    let isRemembered = false;
    for (let attempt = 0; attempt < 5 && !isRemembered; attempt++) {
      expect(await other.body('/still-absent')).toBeUndefined();
      await new Promise((resolve) => setTimeout(resolve, 3_200));
      isRemembered = other.cache.isAbsent('/still-absent');
    }
    expect(isRemembered).toBe(true);
  });

  it('compares generations after its connection was cut (threat K8)', async () => {
    const [silent, other] = [await start({ listens: false }), await start()];
    await publish(silent, 'module:a/cut/aws', '/cut', '1');
    await publish(silent, 'module:a/kept/aws', '/kept', '1');
    expect(await other.body('/cut')).toBe('1');
    expect(await other.body('/kept')).toBe('1');
    await silent.connection.dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'terraform-registry documents' AND datname = current_database()`,
    );
    // Older than the window of the poll, so that only the comparison can find it.
    await publish(silent, 'module:a/cut/aws', '/cut', '2');
    await silent.connection.dataSource.query(
      `UPDATE document_generations SET updated_at = now() - interval '1 hour'`,
    );
    await until(async () => (await other.body('/cut')) === '2', 2_000);
    expect(await other.statementsOf(() => other.body('/kept'))).toBe(0);
  });

  it('serves what a restored database holds, also when its generations are lower', async () => {
    const [silent, other] = [await start({ listens: false }), await start()];
    await publish(silent, 'module:a/restored/aws', '/restored', '1');
    await publish(silent, 'module:a/restored/aws', '/restored', '2');
    expect(await other.body('/restored')).toBe('2');
    await silent.connection.dataSource.query(
      `UPDATE document_generations SET generation = 1 WHERE subject = 'module:a/restored/aws'`,
    );
    await silent.connection.dataSource.query(
      `UPDATE protocol_documents SET body = '1' WHERE path = '/restored'`,
    );
    await silent.connection.dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'terraform-registry documents' AND datname = current_database()`,
    );
    await until(async () => (await other.body('/restored')) === '1', 2_000);
  });

  it('ends all processes at the same generation when all of them publish', async () => {
    const all = [await start(), await start(), await start()];
    await Promise.all(
      Array.from({ length: 30 }, (_, round) =>
        publish(all[round % 3]!, 'module:a/race/aws', '/race', `"${round}"`),
      ),
    );
    const row = await all[0]!.repository.find('/race');
    expect(row?.generation).toBe(30);
    await until(async () => {
      const bodies = await Promise.all(all.map((node) => node.body('/race')));
      return bodies.every((body) => body === row?.body);
    }, 1_000);
  });
});
