import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type pg from 'pg';
import { DatabaseConnection } from '../database/database-connection.js';
import { inTurn } from '../database/in-turn.js';
import { DocumentCache } from './document-cache.js';
import { GENERATIONS_CHANNEL as CHANNEL, type SubjectGeneration } from './stored-document.js';

const POLL_MS = 3_000;
const QUERY_TIMEOUT_MS = 5_000;
const RECONNECT_MS = { first: 100, most: 2_000 };

/** How far back the poll looks. A transaction that stays open longer is found by the next full comparison. */
const WINDOW_SECONDS = 60;
const POLLS_PER_COMPARISON = 20;

const SUBJECTS_PER_STATEMENT = 5_000;
const MAX_PENDING = 10_000;
const MAX_SEEN = 50_000;

interface GenerationRow {
  readonly subject: string;
  readonly generation: string;
}

/**
 * Keeps the document caches of several processes together, on one connection of its own: it tells the others
 * after each commit (NOTIFY), hears from them (LISTEN), and polls the generations in case somebody died
 * between commit and NOTIFY. After a lost connection it compares the generations of everything that is held.
 */
@Injectable()
export class GenerationListener implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly log = new Logger(GenerationListener.name);
  private readonly pending = new Map<string, number>();
  private readonly abandoned = new WeakSet<pg.Client>();
  private readonly seen = new Map<string, number>();
  private client: pg.Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private reconnectMs = RECONNECT_MS.first;
  private polls = 0;
  private lastPollMs = 0;
  private isStopped = false;
  private relaying: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: DatabaseConnection,
    private readonly cache: DocumentCache,
  ) {}

  onModuleInit(): void {
    void this.connect();
  }

  /** From here on a lost connection is not news. What is still published while requests end is still told. */
  beforeApplicationShutdown(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  async onApplicationShutdown(): Promise<void> {
    this.beforeApplicationShutdown();
    await this.relaying;
    const client = this.client;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }

  /** Whether news arrives at the moment. */
  get isConnected(): boolean {
    return this.client !== undefined;
  }

  /** Tells the other processes what this one has committed. Returns at once; it is sent as soon as possible. */
  announce({ subject, generation }: SubjectGeneration): void {
    this.markSeen(subject, generation);
    if (this.pending.size >= MAX_PENDING) return;
    this.pending.set(subject, generation);
    this.relaying = this.relaying.then(() => this.relay());
  }

  private async connect(): Promise<void> {
    const client = this.database.createClient('terraform-registry documents');
    client.on('error', () => this.reconnect(client));
    client.on('end', () => this.reconnect(client));
    client.on('notification', ({ payload }) => this.hear(payload ?? ''));
    try {
      await client.connect();
      await run(client, `LISTEN ${CHANNEL}`);
      this.seen.clear();
      this.cache.distrust();
      await this.compareAll(client);
      await this.readRecent(client);
    } catch {
      return this.reconnect(client);
    }
    if (this.abandoned.has(client) || this.isStopped) return void client.end().catch(() => undefined);
    this.client = client;
    this.reconnectMs = RECONNECT_MS.first;
    this.lastPollMs = performance.now();
    this.relaying = this.relaying.then(() => this.relay());
    this.schedule(POLL_MS, () => this.poll(client));
  }

  private reconnect(client: pg.Client): void {
    if (this.abandoned.has(client)) return;
    this.abandoned.add(client);
    if (this.client === client) {
      this.client = undefined;
      if (!this.isStopped)
        this.log.warn('Lost the connection that hears of published versions; connecting again');
    }
    client.end().catch(() => undefined);
    if (this.isStopped) return;
    this.schedule(this.reconnectMs, () => this.connect());
    this.reconnectMs = Math.min(this.reconnectMs * 2, RECONNECT_MS.most);
  }

  private schedule(delayMs: number, work: () => Promise<void>): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void work(), delayMs);
    this.timer.unref();
  }

  private async poll(client: pg.Client): Promise<void> {
    try {
      this.polls += 1;
      const isLate = performance.now() - this.lastPollMs > (WINDOW_SECONDS * 1_000) / 2;
      if (isLate || this.polls % POLLS_PER_COMPARISON === 0) await this.compareAll(client);
      await this.readRecent(client);
      this.lastPollMs = performance.now();
    } catch {
      // Also when the answer did not come in time: the connection may be dead without anybody saying so.
      this.reconnect(client);
    }
    if (this.client === client) this.schedule(POLL_MS, () => this.poll(client));
  }

  private async readRecent(client: pg.Client): Promise<void> {
    const rows = await run<GenerationRow>(
      client,
      `SELECT subject, generation FROM document_generations
       WHERE updated_at > clock_timestamp() - interval '${WINDOW_SECONDS} seconds'`,
    );
    for (const row of rows) this.learn({ subject: row.subject, generation: Number(row.generation) });
  }

  private async compareAll(client: pg.Client): Promise<void> {
    const held = this.cache.generations();
    for (let first = 0; first < held.length; first += SUBJECTS_PER_STATEMENT) {
      const some = held.slice(first, first + SUBJECTS_PER_STATEMENT);
      const rows = await run<GenerationRow>(
        client,
        'SELECT subject, generation FROM document_generations WHERE subject = ANY($1)',
        [some.map(({ subject }) => subject)],
      );
      const stored = new Map(rows.map((row) => [row.subject, Number(row.generation)]));
      for (const { subject, generation } of some) {
        const present = stored.get(subject) ?? 0;
        if (present > generation) this.cache.learn({ subject, generation: present });
        // The database was restored from an older backup.
        if (present < generation) this.cache.dropSubject(subject);
      }
    }
  }

  private async relay(): Promise<void> {
    const client = this.client;
    if (!client || this.pending.size === 0) return;
    const news = [...this.pending];
    try {
      await run(client, `SELECT pg_notify('${CHANNEL}', line) FROM unnest($1::text[]) AS line`, [
        news.map(([subject, generation]) => `${generation} ${subject}`),
      ]);
      for (const [subject, generation] of news) {
        if (this.pending.get(subject) === generation) this.pending.delete(subject);
      }
    } catch {
      // Sent again after the next connect; whoever polls sees it anyway.
    }
  }

  private hear(payload: string): void {
    const news = /^(\d+) (.+)$/s.exec(payload);
    if (news) this.learn({ generation: Number(news[1]), subject: String(news[2]) });
  }

  private learn(news: SubjectGeneration): void {
    if ((this.seen.get(news.subject) ?? 0) >= news.generation) return;
    this.markSeen(news.subject, news.generation);
    this.cache.learn(news);
  }

  private markSeen(subject: string, generation: number): void {
    if (this.seen.size >= MAX_SEEN) this.seen.clear();
    this.seen.set(subject, generation);
  }
}

function run<Row extends object>(client: pg.Client, text: string, values: unknown[] = []): Promise<Row[]> {
  return inTurn<Row>(client, text, values, QUERY_TIMEOUT_MS);
}
