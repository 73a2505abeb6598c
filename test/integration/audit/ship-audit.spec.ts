import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSink } from '../../../src/audit/adapters/file.sink.js';
import { SyslogDatagramSink } from '../../../src/audit/adapters/syslog-datagram.sink.js';
import { SyslogStreamSink } from '../../../src/audit/adapters/syslog-stream.sink.js';
import { WebhookSink } from '../../../src/audit/adapters/webhook.sink.js';
import type { AuditSink } from '../../../src/audit/audit-sink.js';
import type { SyslogShipper } from '../../../src/config/audit-shipper.js';
import { EgressConfig } from '../../../src/config/egress.config.js';
import { HiddenText } from '../../../src/config/hidden-text.js';
import type { Metrics } from '../../../src/platform/metrics/metrics.js';
import { EgressGuard } from '../../../src/platform/outbound-http/egress-guard.js';
import { OutboundHttp } from '../../../src/platform/outbound-http/outbound-http.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { type AuditProcess, auditProcess } from './support/audit-process.js';

const LOCAL = '127.0.0.1';
const NEVER = new AbortController().signal;
const CHAINS = [randomUUID(), randomUUID()];

interface Shipped {
  chain: string;
  chain_seq: number;
}

const SYSLOG: SyslogShipper = {
  type: 'syslog',
  network: 'udp',
  host: LOCAL,
  port: 0,
  path: '',
  tag: 'registry',
  facility: 16,
};

describe('shipping audit entries', () => {
  let database: TestDatabase;
  let audit: AuditProcess;
  let directory: string;
  const closing: (() => unknown)[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
    audit = await auditProcess(database);
    directory = mkdtempSync(join(tmpdir(), 'audit-ship-'));
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await database.drop();
    rmSync(directory, { recursive: true });
  });

  /** Changes that alternate between two organizations. */
  async function changes(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) await audit.change(CHAINS[index % 2]!, `change ${index}`);
  }

  /** What arrived, by chain: the places in the order of their arrival. */
  function places(lines: readonly string[]): number[][] {
    const entries = lines.map((line) => JSON.parse(line.slice(line.indexOf('{'))) as Shipped);
    return CHAINS.map((chain) => entries.filter((one) => one.chain === chain).map((one) => one.chain_seq));
  }

  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  async function listen(server: Server, where: { port: number; host: string } | { path: string }) {
    server.listen(where);
    await once(server, 'listening');
    closing.push(() => server.close());
    return server.address() as AddressInfo;
  }

  /** A receiver that collects everything that each connection sends. */
  function streamReceiver(): { server: Server; received: string[] } {
    const received: string[] = [];
    const server = createServer((socket) => {
      let text = '';
      socket.setEncoding('utf8');
      socket.on('data', (part: string) => (text += part));
      socket.on('end', () => received.push(text));
    });
    return { server, received };
  }

  it('sends them to syslog over UDP, one datagram each, in the form of RFC 5424', async () => {
    const socket = createSocket('udp4');
    const lines: string[] = [];
    socket.on('message', (message) => lines.push(message.toString()));
    socket.bind(0, LOCAL);
    await once(socket, 'listening');
    closing.push(() => socket.close());
    await changes(6);
    await audit.shipping.runOne(new SyslogDatagramSink({ ...SYSLOG, port: socket.address().port }), NEVER);
    await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(6);
    expect(places(lines)).toEqual([upTo(3), upTo(3)]);
    for (const line of lines) {
      expect(line).toMatch(/^<133>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ registry \d+ module - \{.*\}$/);
    }
  });

  it('sends a datagram without the metadata when they are too large for one', async () => {
    const socket = createSocket('udp4');
    const sizes: number[] = [];
    socket.on('message', (message) => sizes.push(message.length));
    socket.bind(0, LOCAL);
    await once(socket, 'listening');
    closing.push(() => socket.close());
    const long = Object.fromEntries(upTo(20).map((one) => [`part_${one}`, 'x'.repeat(8_000)]));
    await audit.change(CHAINS[0]!, 'large', { after: long });
    await audit.shipping.runOne(new SyslogDatagramSink({ ...SYSLOG, port: socket.address().port }), NEVER);
    await expect.poll(() => sizes.length, { timeout: 10_000 }).toBe(1);
    expect(sizes[0]).toBeLessThan(2_000);
  });

  it('sends them to syslog over TCP with octet counting', async () => {
    const { server, received } = streamReceiver();
    const { port } = await listen(server, { port: 0, host: LOCAL });
    await changes(5);
    await audit.shipping.runOne(new SyslogStreamSink({ ...SYSLOG, network: 'tcp', port }), NEVER);
    let rest = Buffer.from(received.join(''));
    const lines: string[] = [];
    while (rest.length > 0) {
      const space = rest.indexOf(' ');
      const end = space + 1 + Number(rest.subarray(0, space).toString());
      lines.push(rest.subarray(space + 1, end).toString());
      rest = rest.subarray(end);
    }
    expect(places(lines)).toEqual([upTo(3), upTo(2)]);
  });

  it('sends them to syslog over a unix socket, one a line', async () => {
    const path = join(directory, 'log.sock');
    const { server, received } = streamReceiver();
    await listen(server, { path });
    await changes(5);
    await audit.shipping.runOne(new SyslogStreamSink({ ...SYSLOG, network: 'unix', path }), NEVER);
    expect(places(received.join('').trimEnd().split('\n'))).toEqual([upTo(3), upTo(2)]);
  });

  it('keeps its place when the syslog server breaks the connection off', async () => {
    let isBroken = true;
    const { server, received } = streamReceiver();
    server.prependListener('connection', (socket) => {
      if (isBroken) socket.resetAndDestroy();
    });
    const { port } = await listen(server, { port: 0, host: LOCAL });
    const sink = new SyslogStreamSink({ ...SYSLOG, network: 'tcp', port });
    await changes(4);
    await audit.shipping.runOne(sink, NEVER);
    expect(await audit.shipments.lag(sink.name)).toBe(4);
    isBroken = false;
    await audit.shipping.runOne(sink, NEVER);
    expect(received.join('')).not.toBe('');
    expect(await audit.shipments.lag(sink.name)).toBe(0);
  });

  it('posts them to a webhook in batches, waits longer after failures, and loses none', async () => {
    const bodies: string[] = [];
    const credentials = new Set<string | undefined>();
    let failures = 3;
    const server = createHttpServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        credentials.add(request.headers['x-credential'] as string | undefined);
        failures -= 1;
        if (failures < 0) bodies.push(body);
        response.writeHead(failures < 0 ? 200 : 503).end();
      });
    });
    const { port } = await listen(server, { port: 0, host: LOCAL });
    const config = Object.assign(new EgressConfig(), { mode: 'off' as const });
    const http = new OutboundHttp(new EgressGuard(config), config, {
      countOutbound: () => undefined,
    } as unknown as Metrics);
    closing.push(() => http.onApplicationShutdown());
    const sink = new WebhookSink(
      {
        type: 'webhook',
        url: `http://${LOCAL}:${port}/hook`,
        headers: { 'X-Credential': new HiddenText('TEST ONLY') },
        timeoutMs: 5_000,
        batchSize: 3,
        flushIntervalMs: 1_000,
      },
      http,
    );
    const shipping = (await auditProcess(database, {}, [sink])).shipping;
    await changes(10);
    await shipping.run();
    // The pause after the failure: nothing is sent although there is something to send.
    const before = failures;
    await shipping.run();
    expect(failures).toBe(before);
    while (failures > 0) await shipping.runOne(sink, NEVER);
    await shipping.runOne(sink, NEVER);
    expect(places(bodies.flatMap((body) => body.trimEnd().split('\n')))).toEqual([upTo(5), upTo(5)]);
    expect(Math.max(...bodies.map((body) => body.trimEnd().split('\n').length))).toBe(3);
    expect([...credentials]).toEqual(['TEST ONLY']);
  });

  it('writes them to a file that is rotated, and goes on after half a line', async () => {
    const path = join(directory, 'audit', 'audit.log');
    const sink = new FileSink({ type: 'file', path, maxBytes: 3_000, maxBackups: 2 });
    await changes(2);
    await audit.shipping.runOne(sink, NEVER);
    appendFileSync(path, '{"half of a li');
    await changes(1);
    await audit.shipping.runOne(sink, NEVER);
    const whole = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .filter((line) => line.endsWith('}'));
    expect(places(whole(readFileSync(path, 'utf8')))).toEqual([upTo(2), upTo(1)]);
    await changes(30);
    await audit.shipping.runOne(sink, NEVER);
    expect(readdirSync(join(directory, 'audit')).sort()).toEqual(['audit.log', 'audit.log.1', 'audit.log.2']);
    const lines = ['audit.log.2', 'audit.log.1', 'audit.log'].flatMap((name) => {
      const text = readFileSync(join(directory, 'audit', name), 'utf8');
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(3_000);
      return whole(text);
    });
    for (const kept of places(lines)) expect(kept).toEqual(upTo(kept.at(-1)!).slice(-kept.length));
  });

  it('repeats but never leaves out what was sent when a process dies before it stored its place', async () => {
    const sent: Shipped[] = [];
    let kill = true;
    const sink: AuditSink = {
      name: 'webhook test',
      batchSize: 4,
      intervalMs: 1_000,
      async send(entries) {
        sent.push(...entries.map(({ chain, chainSeq }) => ({ chain, chain_seq: chainSeq })));
        if (!kill) return;
        // What the database sees of kill -9: the connection that holds the lock is gone.
        await audit.dataSource.query(
          `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        );
      },
    };
    await changes(10);
    const dying = await auditProcess(database);
    await dying.shipping.runOne(sink, NEVER);
    expect(sent).toHaveLength(4);
    kill = false;
    await audit.shipping.runOne(sink, NEVER);
    expect(sent).toHaveLength(14);
    const after = sent.slice(4).map((entry) => JSON.stringify(entry));
    expect(places(after)).toEqual([upTo(5), upTo(5)]);
  });

  it('is done by one process at a time', async () => {
    let running = 0;
    let most = 0;
    const sink: AuditSink = {
      name: 'webhook test',
      batchSize: 1,
      intervalMs: 1_000,
      async send() {
        running += 1;
        most = Math.max(most, running);
        await audit.dataSource.query('SELECT pg_sleep(0.01)');
        running -= 1;
      },
    };
    await changes(8);
    const processes = await Promise.all([1, 2, 3].map(() => auditProcess(database)));
    await Promise.all(processes.map(({ shipping }) => shipping.runOne(sink, NEVER)));
    expect(most).toBe(1);
    expect(await audit.shipments.lag(sink.name)).toBe(0);
  });

  it('keeps what was not delivered from expiring', async () => {
    const path = join(directory, 'audit.log');
    const settings = { type: 'file' as const, path, maxBytes: 1_000_000, maxBackups: 1 };
    const expiring = await auditProcess(database, { retentionDays: 1, shippers: [settings] });
    await changes(4);
    await audit.dataSource.transaction(async (manager) => {
      await manager.query('SET LOCAL session_replication_role = replica');
      await manager.query(`UPDATE audit_entries SET created_at = created_at - interval '3 days'`);
    });
    expect(await expiring.expiry.run()).toBe(0);
    await audit.shipping.runOne(new FileSink(settings), NEVER);
    expect(await expiring.expiry.run()).toBe(4);
  });
});
