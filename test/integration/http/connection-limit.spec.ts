import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { SecurityConfig } from '../../../src/config/security.config.js';
import { request } from '../../support/http-request.js';
import { issueTestTls } from '../../support/tls.js';
import { eventually } from './support/raw-http.js';
import { type Settings, TestApplication } from './support/test-application.js';

/** Nobody in these tests, so that connections of loopback are counted. */
const OTHER_PROXY = ['192.0.2.1'];
const GET = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n';

describe('connections of one address (W3)', () => {
  const servers: TestApplication[] = [];
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) await server.stop();
  });

  async function start(settings: Settings['server'], more: Settings = {}) {
    const server = { trustedProxies: OTHER_PROXY, ...settings };
    const application = await TestApplication.start([], { ...more, server });
    servers.push(application);
    return { application, port: await application.listen() };
  }

  /** A connection that was made, though the server may close it at once. */
  function open(port: number, from = '127.0.0.1'): Promise<Socket> {
    return new Promise((done, fail) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: from }, () => done(socket));
      socket.on('error', (error) => fail(error));
      sockets.push(socket);
    });
  }

  /** The status line that comes to a request on this connection; '' when it is closed without one. */
  function ask(socket: Socket): Promise<string> {
    return new Promise((done) => {
      let text = '';
      const end = () => done(text.split('\r\n', 1)[0]!);
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (text.includes('\r\n\r\n')) end();
      });
      socket.once('close', end);
      if (socket.destroyed) end();
      else socket.write(GET);
    });
  }

  const connectionsOf = ({ fastify }: TestApplication) =>
    new Promise<number>((done) => fastify.server.getConnections((_error, count) => done(count)));

  const OK = 'HTTP/1.1 200 OK';

  it('are answered up to the limit; the one above is closed before anything of it is read', async () => {
    const { port } = await start({ maxConnectionsPerIp: 3 });
    const held = [await open(port), await open(port), await open(port)];
    expect(await Promise.all(held.map(ask))).toEqual([OK, OK, OK]);
    expect(await ask(await open(port))).toBe('');
    expect(await ask(await open(port))).toBe('');
    expect(held.map((socket) => socket.destroyed)).toEqual([false, false, false]);
    expect(await ask(await open(port, '127.0.0.2'))).toBe(OK);
  });

  it('make room when one of them ends', async () => {
    const { application, port } = await start({ maxConnectionsPerIp: 1 });
    for (let round = 0; round < 3; round += 1) {
      const held = await open(port);
      expect(await ask(held)).toBe(OK);
      expect(await ask(await open(port))).toBe('');
      held.destroy();
      await eventually(async () => {
        const next = await open(port);
        const isServed = (await ask(next)) === OK;
        next.destroy();
        return isServed;
      });
      await eventually(async () => (await connectionsOf(application)) === 0);
    }
  });

  it('are not counted when they come from a trusted proxy, nor without a limit', async () => {
    const proxied = await start({ maxConnectionsPerIp: 1, trustedProxies: ['127.0.0.0/8'] });
    const unlimited = await start({ maxConnectionsPerIp: 0 });
    for (const { port } of [proxied, unlimited]) {
      const held = await Promise.all(Array.from({ length: 20 }, () => open(port)));
      expect(new Set(await Promise.all(held.map(ask)))).toEqual(new Set([OK]));
    }
  });

  it('are closed above the limit before TLS begins', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'connection-limit-'));
    try {
      const { ca, certFile, keyFile } = await issueTestTls(directory);
      const tls = Object.assign(new SecurityConfig().tls, { enabled: true, certFile, keyFile });
      const { port } = await start({ maxConnectionsPerIp: 2 }, { security: { tls } });
      const shakeHands = () =>
        new Promise<boolean>((done) => {
          const socket = connectTls({ port, host: '127.0.0.1', ca, ALPNProtocols: ['http/1.1'] }, () =>
            done(true),
          );
          socket.on('error', () => done(false));
          sockets.push(socket);
        });
      expect([await shakeHands(), await shakeHands(), await shakeHands()]).toEqual([true, true, false]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('do not stop another address from being answered, hundreds of them being idle or slow, and are cut off', async () => {
    const limit = 400;
    const { application, port } = await start({ maxConnectionsPerIp: limit, readTimeoutMs: 2_000 });
    const beginnings = [
      '',
      'G',
      GET.slice(0, -2),
      'POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{',
    ];
    for (let index = 0; index < limit + 200; index += 1) {
      const socket = (await open(port)).resume();
      const beginning = beginnings[index % beginnings.length]!;
      if (beginning !== '' && !socket.destroyed) socket.write(beginning);
    }
    await eventually(() => sockets.filter((socket) => socket.destroyed).length >= 200);
    const agent = new Agent({ keepAlive: true, localAddress: '127.0.0.2' });
    try {
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => request(`http://127.0.0.1:${port}/livez`, { agent })),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    } finally {
      agent.destroy();
    }
    await eventually(() => sockets.every((socket) => socket.destroyed));
    const warnings = application.lines.filter((line) => line.includes('server.max_connections_per_ip'));
    expect(warnings).toHaveLength(1);
  });
});
