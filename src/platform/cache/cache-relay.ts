import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseConnection } from '../database/database-connection.js';
import { inTurn } from '../database/in-turn.js';
import { CACHE_TOPICS, CacheInvalidation, type CacheTopic } from './cache-invalidation.js';

type Client = ReturnType<DatabaseConnection['createClient']>;

const CHANNEL = 'cache_topics';
const BEAT_MS = 5_000;
const QUERY_TIMEOUT_MS = 5_000;
const RECONNECT_MS = { first: 50, most: 2_000 };
const LAST_WORDS_MS = 3_000;

/**
 * Carries changed topics between processes on one connection of its own, after the commit (NOTIFY) and from the
 * others (LISTEN). Topics that change in quick succession are told once. After a lost connection everything is
 * forgotten, because nobody knows what was missed; meanwhile the caches live for a second at most.
 */
@Injectable()
export class CacheRelay implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly log = new Logger(CacheRelay.name);
  private readonly pending = new Set<CacheTopic>();
  private readonly abandoned = new WeakSet<Client>();
  private client: Client | undefined;
  private connecting: Promise<void> = Promise.resolve();
  private telling: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private reconnectMs = RECONNECT_MS.first;
  private isStopped = false;
  private isClosed = false;

  constructor(
    private readonly database: DatabaseConnection,
    private readonly changes: CacheInvalidation,
  ) {}

  onModuleInit(): void {
    this.changes.relayThrough((topic) => this.tell(topic));
    this.connecting = this.connect();
  }

  /** From here on a lost connection is not news. A command that ends at once still tells what it changed. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.lastWords();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.beforeApplicationShutdown();
    this.isClosed = true;
    const client = this.client;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }

  /** Whether news arrives at the moment. */
  get isConnected(): boolean {
    return this.client !== undefined;
  }

  private tell(topic: CacheTopic): void {
    this.pending.add(topic);
    this.telling = this.telling.then(() => this.send());
  }

  private async send(): Promise<void> {
    const client = this.client;
    if (client === undefined || this.pending.size === 0) return;
    const topics = [...this.pending];
    this.pending.clear();
    try {
      await run(client, `SELECT pg_notify('${CHANNEL}', topic) FROM unnest($1::text[]) AS topic`, [topics]);
    } catch {
      // Told again after the next connect; until then the others forget by themselves.
      for (const topic of topics) this.pending.add(topic);
    }
  }

  private async connect(): Promise<void> {
    const client = this.database.createClient('terraform-registry cache');
    client.on('error', () => this.reconnect(client));
    client.on('end', () => this.reconnect(client));
    client.on('notification', ({ payload }) => this.hear(payload));
    try {
      await client.connect();
      await run(client, `LISTEN ${CHANNEL}`);
    } catch {
      return this.reconnect(client);
    }
    if (this.abandoned.has(client)) return;
    if (this.isClosed) return void client.end().catch(() => undefined);
    this.client = client;
    this.reconnectMs = RECONNECT_MS.first;
    for (const topic of CACHE_TOPICS) this.changes.forget(topic);
    this.telling = this.telling.then(() => this.send());
    if (!this.isStopped) this.beatLater(client);
  }

  private reconnect(client: Client): void {
    if (this.abandoned.has(client)) return;
    this.abandoned.add(client);
    if (this.client === client) {
      this.client = undefined;
      if (!this.isStopped)
        this.log.warn('Lost the connection that hears of changed rights; connecting again');
    }
    client.end().catch(() => undefined);
    if (this.isStopped) return;
    this.schedule(this.reconnectMs, () => (this.connecting = this.connect()));
    this.reconnectMs = Math.min(this.reconnectMs * 2, RECONNECT_MS.most);
  }

  /** A connection may be dead without anybody saying so. */
  private beatLater(client: Client): void {
    this.schedule(BEAT_MS, async () => {
      try {
        await run(client, 'SELECT 1');
      } catch {
        return this.reconnect(client);
      }
      if (this.client === client && !this.isStopped) this.beatLater(client);
    });
  }

  private schedule(delayMs: number, work: () => Promise<void>): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void work(), delayMs);
    this.timer.unref();
  }

  private hear(payload: string | undefined): void {
    const topic = CACHE_TOPICS.find((one) => one === payload);
    if (topic !== undefined) this.changes.forget(topic);
  }

  private async lastWords(): Promise<void> {
    const told = this.connecting.then(() => this.telling);
    await Promise.race([told, sleep(LAST_WORDS_MS, undefined, { ref: false })]);
  }
}

async function run(client: Client, text: string, values: unknown[] = []): Promise<void> {
  await inTurn(client, text, values, QUERY_TIMEOUT_MS);
}
