import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { environmentWithDatabase } from './app-config.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { UpstreamCatalogue } from './fakes/upstream/upstream-catalogue.js';
import type { UpstreamKey } from './fakes/upstream/upstream-keys.js';
import { RegistryProcess } from './server-process.js';
import { compareStorage, type StorageDisagreement } from './storage-oracle.js';

const COMMON = {
  TFR_SERVER_HOST_ALIASES: '127.0.0.1',
  TFR_DATABASE_MAX_CONNECTIONS: '10',
  TFR_WORKER_REPLICAS: '2',
  TFR_WORKER_LEASE: '2s',
  TFR_WORKER_POLL_INTERVAL: '100ms',
  TFR_MIRROR_LEASE: '2s',
  TFR_MIRROR_CHECK_INTERVAL: '1s',
  TFR_MIRROR_PROCESSOR_SHARE: '100',
  TFR_STORAGE_LOCAL_SHARED: 'true',
  TFR_SECURITY_EGRESS_ALLOWLIST: UpstreamCatalogue.HOST,
  TFR_LOGGING_LEVEL: 'warn',
};

/** How a run is, as its row says. */
export interface StoredSync {
  readonly status: string;
  readonly done: number;
  readonly token: number;
  readonly error: string | null;
}

/** Built registries as processes of their own, on one database, that mirror an upstream. */
export class MirroringRegistry {
  private constructor(
    readonly processes: readonly RegistryProcess[],
    private readonly database: TestDatabase,
    private readonly client: pg.Client,
  ) {}

  /** So many processes, none of which runs yet. */
  static async prepare(count: number): Promise<MirroringRegistry> {
    const database = await createTestDatabase();
    const secrets = environmentWithDatabase(database.url);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const processes: RegistryProcess[] = [];
    for (let index = 0; index < count; index += 1) {
      const storage = processes[0] && { TFR_STORAGE_LOCAL_BASE_PATH: processes[0].storagePath };
      const env = { ...COMMON, ...secrets, ...storage, TFR_REPLICA_ID: `replica-${index}` };
      processes.push(await RegistryProcess.prepare({ env }));
    }
    return new MirroringRegistry(processes, database, client);
  }

  /** Stores a mirror that is due, and trusts a key. */
  async addMirror(upstream: UpstreamCatalogue, namespace: string, key: UpstreamKey): Promise<string> {
    const [row] = await this.query<{ id: string }>(
      `INSERT INTO mirrors (name, upstream_url, upstream_host, namespace_filter, key_trust, next_sync_at)
       VALUES ($1, $2, $3, ARRAY[$4], 'pinned', now()) RETURNING id`,
      [`test ${randomUUID()}`, upstream.origin, upstream.authority, namespace],
    );
    await this.query(
      `INSERT INTO mirror_keys (mirror_id, namespace, fingerprint, armor, state, source)
       VALUES ($1, $2, $3, $4, 'pinned', 'administrator')`,
      [row!.id, namespace, key.fingerprint, key.armor],
    );
    await this.query(
      `INSERT INTO mirror_policies (name, policy_type, priority) VALUES ('test-allow-all', 'allow', 10000)`,
    );
    return row!.id;
  }

  /** The newest run of a mirror. */
  async sync(mirrorId: string): Promise<StoredSync | undefined> {
    const [row] = await this.query<StoredSync>(
      `SELECT status, packages_done AS done, lease_token::int AS token, error_message AS error
       FROM mirror_syncs WHERE mirror_id = $1 ORDER BY started_at DESC LIMIT 1`,
      [mirrorId],
    );
    return row;
  }

  /** Packages that are here, as `version os_arch`. */
  async held(): Promise<string[]> {
    const rows = await this.query<{ held: string }>(
      `SELECT v.version || ' ' || k.os || '_' || k.arch AS held FROM provider_packages k
       JOIN provider_versions v ON v.id = k.version_id ORDER BY 1`,
    );
    return rows.map(({ held }) => held);
  }

  /** Versions that the index of the network mirror names. */
  async listed(): Promise<string[]> {
    const rows = await this.query<{ listed: string }>(
      `SELECT jsonb_object_keys(body::jsonb -> 'versions') AS listed FROM protocol_documents
       WHERE path LIKE '/terraform/providers/%/index.json'`,
    );
    return rows.map(({ listed }) => listed);
  }

  /** Looks into the database without the registry. */
  async query<Row extends object>(statement: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.client.query<Row>(statement, values)).rows;
  }

  /** What does not fit between rows and files. */
  disagreement(): Promise<StorageDisagreement> {
    return compareStorage(this.database.url, this.processes[0]!.storagePath);
  }

  async dispose(): Promise<void> {
    for (const process of this.processes) await process.dispose();
    await this.client.end();
    await this.database.drop();
  }
}
