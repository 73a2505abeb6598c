import { setTimeout as sleep } from 'node:timers/promises';
import { environmentWithDatabase } from './app-config.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { type Answer, request, type RequestOptions } from './http-request.js';
import { RegistryProcess } from './server-process.js';

/** A request to one of the processes. */
export interface ReplicaRequest extends RequestOptions {
  readonly key?: string;
  readonly json?: unknown;
}

/** How the replicas are started. */
export interface ReplicasOptions {
  readonly count?: number;
  /** The address that clients know; what stands in front of the replicas, if anything does. */
  readonly publicUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Several built registries, each a process of its own, on one database, one storage folder and the same secrets. */
export class Replicas {
  private constructor(
    readonly database: TestDatabase,
    readonly all: readonly RegistryProcess[],
  ) {}

  static async start({ count = 3, publicUrl, env = {} }: ReplicasOptions = {}): Promise<Replicas> {
    const database = await createTestDatabase();
    const shared: Record<string, string> = {
      ...environmentWithDatabase(database.url),
      TFR_SERVER_HOST_ALIASES: '127.0.0.1',
      TFR_DATABASE_MAX_CONNECTIONS: '10',
      TFR_WORKER_REPLICAS: String(count),
      TFR_STORAGE_LOCAL_SHARED: 'true',
      TFR_LOGGING_LEVEL: 'warn',
      ...env,
    };
    const all: RegistryProcess[] = [];
    const replicas = new Replicas(database, all);
    try {
      for (let number = 1; number <= count; number += 1) {
        const storage = all[0] && { TFR_STORAGE_LOCAL_BASE_PATH: all[0].storagePath };
        const own = { ...shared, ...storage, TFR_WORKER_REPLICA_ID: `replica-${number}` };
        all.push(await RegistryProcess.prepare({ publicUrl, env: own }));
      }
      await Promise.all(all.map((replica) => replica.launch()));
      if (env['TFR_SETUP_ADMIN_EMAIL'] !== undefined) await replicas.waitForSetup();
      return replicas;
    } catch (error) {
      await replicas.stop();
      throw error;
    }
  }

  /** One of them; numbers above their count go round again. */
  at(number: number): RegistryProcess {
    return this.all[number % this.all.length]!;
  }

  /** A request to one of them. */
  request(number: number, path: string, { key, json, ...options }: ReplicaRequest = {}): Promise<Answer> {
    const headers = {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...options.headers,
    };
    const body = json === undefined ? options.body : JSON.stringify(json);
    return request(`${this.at(number).url}${path}`, { ...options, headers, body });
  }

  /** One process makes the first administrator; the others may be ready before it has. */
  private async waitForSetup(): Promise<void> {
    for (let look = 1; look <= 600; look += 1) {
      const { setup_completed: isOver } = (await this.request(0, '/api/v1/setup/status')).json<{
        setup_completed: boolean;
      }>();
      if (isOver) return;
      await sleep(50);
    }
    throw new Error('No process has made the first administrator in 30 seconds');
  }

  /** Ends the processes and removes everything. */
  async stop(): Promise<void> {
    await Promise.all(this.all.map((replica) => replica.dispose()));
    await this.database.drop();
  }
}
