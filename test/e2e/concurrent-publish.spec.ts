import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentWithDatabase } from '../support/app-config.js';
import { packTarGz } from '../support/build-fixtures.js';
import { createTestDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { request } from '../support/http-request.js';
import type { Answer } from '../support/http-request.js';
import { publishModule } from '../support/publish-client.js';
import { RegistryProcess } from '../support/server-process.js';

const CLIENTS = 64;
/** Set PUBLISH_ROUNDS for more (200 before a release). */
const ROUNDS = Number(process.env['PUBLISH_ROUNDS'] || 20);

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
const archiveOf = (content: string): Buffer => packTarGz([{ name: 'main.tf', data: `# ${content}\n` }]);

describe('many publishers of one version', () => {
  let database: TestDatabase;
  const replicas: RegistryProcess[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  let key: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    const env = {
      ...environmentWithDatabase(database.url),
      TFR_UPLOADS_MAX_CONCURRENT: '64',
      TFR_WORKER_REPLICAS: '2',
      TFR_STORAGE_LOCAL_SHARED: 'true',
      TFR_LOGGING_LEVEL: 'warn',
    };
    const first = await RegistryProcess.start({ env: { ...env, TFR_WORKER_REPLICA_ID: 'one' } });
    replicas.push(first);
    const shared = { ...env, TFR_WORKER_REPLICA_ID: 'two', TFR_STORAGE_LOCAL_BASE_PATH: first.storagePath };
    replicas.push(await RegistryProcess.start({ env: shared }));
    key = await first.createKey('modules:write');
  }, 120_000);
  afterAll(async () => {
    agent.destroy();
    await Promise.all(replicas.map((replica) => replica.dispose()));
    await database?.drop();
  });

  const replicaOf = (number: number): RegistryProcess => replicas[number % replicas.length]!;

  /** What a CLI gets for a version, from one replica. */
  async function served(replica: RegistryProcess, version: string): Promise<Buffer> {
    const headers = { 'x-terraform-version': '1.11.4' };
    const path = `/v1/modules/race/winner/aws/${version}/download`;
    const location = await request(`${replica.url}${path}`, { headers, agent });
    expect(location.status).toBe(204);
    const url = new URL(String(location.headers['x-terraform-get']));
    return (await request(`${replica.url}${url.pathname}${url.search}`, { agent })).body;
  }

  it(`has one winner in each of ${ROUNDS} rounds of ${CLIENTS} clients on two replicas, and serves its bytes (checklist 88)`, async () => {
    const same = archiveOf('the same bytes from every second client');
    const bodies = Array.from({ length: CLIENTS }, (_, client) =>
      client % 2 === 0 ? same : archiveOf(`client ${client}`),
    );
    for (let round = 1; round <= ROUNDS; round += 1) {
      const version = `1.0.${round}`;
      const answers: Answer[] = await Promise.all(
        bodies.map((archive, client) =>
          publishModule(
            { url: replicaOf(client + round).url, key, agent, timeoutMs: 60_000 },
            { namespace: 'race', name: 'winner', version, archive, fileLast: client % 3 === 0 },
          ),
        ),
      );
      const statuses = answers.map((answer) => answer.status).toSorted((one, other) => one - other);
      expect(statuses, `round ${round}`).toEqual([201, ...Array.from({ length: CLIENTS - 1 }, () => 409)]);

      const winner = answers.findIndex((answer) => answer.status === 201);
      const digest = sha256(bodies[winner]!);
      expect(new Set(answers.map((answer) => answer.json().checksum))).toEqual(new Set([digest]));
      expect(sha256(await served(replicaOf(round), version)), `round ${round}`).toBe(digest);
    }
    const list = await request(`${replicaOf(0).url}/v1/modules/race/winner/aws/versions`, {
      headers: { 'x-terraform-version': '1.11.4' },
    });
    expect(list.json<{ modules: [{ versions: unknown[] }] }>().modules[0].versions).toHaveLength(ROUNDS);
  }, 600_000);
});
