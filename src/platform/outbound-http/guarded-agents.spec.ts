import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest, type RequestOptions, type Server } from 'node:http';
import { createServer as createTlsServer, request as httpsRequest } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { urlToHttpOptions } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { issueTestTls, type TestTls } from '../../../test/support/tls.js';
import { EgressConfig } from '../../config/egress.config.js';
import { EgressGuard } from './egress-guard.js';
import { type AgentPair, GuardedAgents } from './guarded-agents.js';

const REFUSED = { name: 'EgressRefused', code: 'egress_refused' };
const ends: (() => unknown)[] = [];
let directory: string;
let tls: TestTls;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'guarded-agents-'));
  tls = await issueTestTls(directory);
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A server on all addresses of this machine, with the number of connections that it was ever asked for. */
async function listening<S extends Server | ReturnType<typeof createTcpServer>>(
  server: S,
): Promise<{ server: S; port: number; connections: () => number }> {
  let connections = 0;
  server.on('connection', () => (connections += 1));
  await new Promise<void>((done) => server.listen(0, '::', done));
  ends.push(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });
  return { server, port: (server.address() as AddressInfo).port, connections: () => connections };
}

const plainServer = () =>
  listening(createServer((request, response) => response.end(`plain ${request.url}`)));
const tlsServer = () =>
  listening(createTlsServer(tls, (request, response) => response.end(`secret ${request.url}`)) as Server);

/** A DNS in which every name has these addresses; a list of lists answers one question each. */
function dns(...answers: (string | string[])[]): LookupFunction {
  let asked = 0;
  return ((_name: string, _options: unknown, answer: (error: null, found: unknown) => void) => {
    const addresses = [answers[Math.min(asked++, answers.length - 1)]!].flat();
    answer(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as LookupFunction;
}

function guarded(settings: Partial<EgressConfig> = {}, resolve?: LookupFunction): GuardedAgents {
  const config = Object.assign(new EgressConfig(), settings);
  return new GuardedAgents(new EgressGuard(config, resolve), config);
}

/** Sends a GET and gives status and body. */
function get(agents: AgentPair, target: string | RequestOptions, scheme?: 'https'): Promise<string> {
  const options = typeof target === 'string' ? urlToHttpOptions(new URL(target)) : target;
  const isTls = scheme === 'https' || options.protocol === 'https:';
  ends.push(() => (agents.http.destroy(), agents.https.destroy()));
  return new Promise((resolve, reject) => {
    const sent = isTls
      ? httpsRequest({ ...options, agent: agents.https } as RequestOptions)
      : httpRequest({ ...options, agent: agents.http } as RequestOptions);
    sent.on('response', (answer) =>
      text(answer).then((body) => resolve(`${answer.statusCode} ${body}`), reject),
    );
    sent.on('error', reject);
    sent.end();
  });
}

describe('guarded agents', () => {
  it.each([
    '127.0.0.1', '127.1', '0x7f.1', '2130706433', '0177.0.0.1', '127.255.255.254', '0.0.0.0', '0', 'localhost',
    '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:0:0:1]',
  ])('connect to nothing for %s, with and without TLS', async (host) => {
    const canary = await plainServer();
    const agents = guarded().agents();
    await expect(get(agents, `http://${host}:${canary.port}/`)).rejects.toMatchObject(REFUSED);
    await expect(get(agents, `https://${host}:${canary.port}/`)).rejects.toMatchObject(REFUSED);
    expect(canary.connections()).toBe(0);
  }); // prettier-ignore

  it.each(['2130706433', '0x7f.1', '127.1', '0177.0.0.1', '::1', '::ffff:7f00:1', 'LOCALHOST', '0'])(
    'connect to nothing for the host %s that no URL parser has seen',
    async (host) => {
      const canary = await plainServer();
      const agents = guarded().agents();
      await expect(get(agents, { host, port: canary.port })).rejects.toMatchObject(REFUSED);
      await expect(get(agents, { host, port: canary.port }, 'https')).rejects.toMatchObject(REFUSED);
      expect(canary.connections()).toBe(0);
    },
  );

  it.each([['127.0.0.1'], ['1.1.1.1', '127.0.0.1'], ['2a00::1', '::1'], ['169.254.169.254'], ['10.0.0.1']])(
    'connect to nothing for a name that has the addresses %s %s',
    async (...addresses) => {
      const canary = await plainServer();
      const agents = guarded({}, dns(addresses)).agents();
      await expect(get(agents, `http://store.example.com:${canary.port}/`)).rejects.toMatchObject(REFUSED);
      await expect(get(agents, `https://store.example.com:${canary.port}/`)).rejects.toMatchObject(REFUSED);
      expect(canary.connections()).toBe(0);
    },
  );

  it('look at what the name is at every connection, not at what it was (F8)', async () => {
    const canary = await plainServer();
    const agents = guarded({ allowlist: ['127.0.0.1'] }, dns('127.0.0.1', '127.0.0.2')).agents();
    const url = `http://store.example.com:${canary.port}/`;
    expect(await get(agents, url)).toBe('200 plain /');
    agents.http.destroy();
    await expect(get(agents, url)).rejects.toMatchObject(REFUSED);
    expect(canary.connections()).toBe(1);
  });

  it.each(['http', 'https'] as const)(
    'say nothing on a connection that led elsewhere (%s)',
    async (scheme) => {
      let received = 0;
      const left = Promise.withResolvers<void>();
      const canary = await listening(
        createTcpServer((socket) => {
          socket.on('data', (bytes) => (received += bytes.length));
          socket.on('error', () => undefined).on('close', () => left.resolve());
        }),
      );
      const config = new EgressConfig();
      const guard = new EgressGuard(config);
      // As if the resolver of the system had been asked once more, behind the guard.
      const agents = new GuardedAgents(Object.assign(guard, { lookup: dns('127.0.0.1') }), config).agents();
      await expect(get(agents, `${scheme}://store.example.com:${canary.port}/`)).rejects.toMatchObject(
        REFUSED,
      );
      await left.promise;
      expect(received).toBe(0);
    },
  );

  it('take neither the lookup of a library nor a socket of this machine', async () => {
    const canary = await plainServer();
    const agents = guarded({}, dns('10.0.0.1')).agents();
    const options = { host: 'store.example.com', port: canary.port, lookup: dns('127.0.0.1') };
    await expect(get(agents, options)).rejects.toMatchObject(REFUSED);
    await expect(get(agents, options, 'https')).rejects.toMatchObject(REFUSED);
    const socketPath = join(directory, 'socket');
    const local = createServer((_request, response) => response.end('local'));
    await new Promise<void>((done) => local.listen(socketPath, done));
    ends.push(() => new Promise((done) => local.close(done)));
    for (const mode of ['deny_private', 'off'] as const) {
      await expect(get(guarded({ mode }).agents(), { socketPath })).rejects.toMatchObject(REFUSED);
    }
    expect(canary.connections()).toBe(0);
  });

  it('reach what the operator lists', async () => {
    const server = await plainServer();
    const byNetwork = guarded({ allowlist: ['127.0.0.0/8'] }).agents();
    expect(await get(byNetwork, `http://127.0.0.1:${server.port}/a`)).toBe('200 plain /a');
    const byName = guarded({ allowlist: ['*.corp.test'] }, dns('127.0.0.1')).agents();
    expect(await get(byName, `http://minio.corp.test:${server.port}/b`)).toBe('200 plain /b');
    await expect(get(byName, `http://corp.test:${server.port}/`)).rejects.toMatchObject(REFUSED);
  });

  it('trust the hosts of the configuration file in the pool that is made for them, and in no other', async () => {
    const server = await plainServer();
    for (const mode of ['deny_private', 'allowlist_only'] as const) {
      const agents = guarded({ mode, allowlist: ['127.0.0.9'] }, dns('127.0.0.1'));
      const own = agents.agents({ alsoAllow: ['minio.corp.test', '127.0.0.2'] });
      expect(await get(own, `http://minio.corp.test:${server.port}/`)).toBe('200 plain /');
      expect(await get(own, `http://127.0.0.2:${server.port}/`)).toBe('200 plain /');
      expect(await get(own, `http://127.0.0.9:${server.port}/`)).toBe('200 plain /');
      for (const host of ['other.corp.test', 'bucket.minio.corp.test', '127.0.0.1', '127.0.0.3']) {
        await expect(get(own, `http://${host}:${server.port}/`), host).rejects.toMatchObject(REFUSED);
      }
      const stored = agents.agents();
      await expect(get(stored, `http://minio.corp.test:${server.port}/`)).rejects.toMatchObject(REFUSED);
      await expect(get(stored, `http://127.0.0.2:${server.port}/`)).rejects.toMatchObject(REFUSED);
    }
    expect(server.connections()).toBe(6);
  });

  it('reach everything when the guard is off', async () => {
    const server = await plainServer();
    expect(await get(guarded({ mode: 'off' }).agents(), `http://localhost:${server.port}/`)).toBe(
      '200 plain /',
    );
  });

  it('keep a connection for the next request', async () => {
    const server = await plainServer();
    const agents = guarded({ mode: 'off' }).agents();
    for (let at = 0; at < 5; at++) await get(agents, `http://127.0.0.1:${server.port}/${at}`);
    expect(server.connections()).toBe(1);
  });

  it('hand on a redirect as it is', async () => {
    const canary = await plainServer();
    const server = await listening(
      createServer((_request, response) => {
        response.writeHead(302, { location: `http://127.0.0.2:${canary.port}/` }).end('elsewhere');
      }),
    );
    const agents = guarded({ allowlist: ['127.0.0.1'] }).agents();
    expect(await get(agents, `http://127.0.0.1:${server.port}/`)).toBe('302 elsewhere');
    expect(canary.connections()).toBe(0);
  });
});

describe('guarded agents and TLS', () => {
  it('trust the authorities of security.egress.ca_file besides the usual ones', async () => {
    const server = await tlsServer();
    const url = `https://127.0.0.1:${server.port}/`;
    expect(await get(guarded({ mode: 'off', caFile: tls.caFile }).agents(), url)).toBe('200 secret /');
    await expect(get(guarded({ mode: 'off' }).agents(), url)).rejects.toThrow(/certificate/);
  });

  it('demand a certificate for the name', async () => {
    const server = await tlsServer();
    const agents = guarded({ caFile: tls.caFile, allowlist: ['*'] }, dns('127.0.0.1')).agents();
    expect(await get(agents, `https://localhost:${server.port}/`)).toBe('200 secret /');
    await expect(get(agents, `https://other.example.com:${server.port}/`)).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it('keep the name of a connection short although there are many authorities', () => {
    const { https } = guarded({ caFile: tls.caFile }).agents();
    const options = { host: 'store.example.com', port: 443 };
    expect(https.getName({ ...options, ...https.options }).length).toBeLessThan(200);
  });
});

/** A proxy that answers by itself, and tunnels to `tunnelPort` whatever it is asked for. */
async function proxyServer(secure: boolean, tunnelPort = 0, tunnelStatus = 200) {
  const asked: string[] = [];
  const server = (secure ? createTlsServer(tls) : createServer()) as Server;
  server.on('request', (request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
    response.end('by proxy');
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
    socket.write(`HTTP/1.1 ${tunnelStatus} \r\n\r\n`);
    if (tunnelStatus !== 200) return void socket.end();
    const target = connect(tunnelPort, '127.0.0.1');
    socket.on('error', () => target.destroy()).pipe(target);
    target.on('error', () => socket.destroy()).pipe(socket);
  });
  const { port } = await listening(server);
  return { asked, url: `${secure ? 'https' : 'http'}://127.0.0.1:${port}` };
}

describe.each([false, true])('guarded agents with a proxy (TLS with it: %s)', (secure) => {
  const PUBLIC = dns('1.1.1.1');

  it('ask it for requests without TLS, and for a tunnel for those with TLS', async () => {
    const server = await tlsServer();
    const proxy = await proxyServer(secure, server.port);
    const agents = guarded({ proxyUrl: proxy.url, caFile: tls.caFile }, PUBLIC).agents();
    expect(await get(agents, 'http://store.example.com/a?b')).toBe('200 by proxy');
    expect(await get(agents, { host: 'localhost', port: server.port, path: '/c' }, 'https')).toBe(
      '200 secret /c',
    );
    expect(proxy.asked).toEqual(['GET http://store.example.com/a?b -', `CONNECT localhost:${server.port} -`]);
  });

  it('keep a tunnel for the next request', async () => {
    const server = await tlsServer();
    const proxy = await proxyServer(secure, server.port);
    const agents = guarded({ proxyUrl: proxy.url, caFile: tls.caFile }, PUBLIC).agents();
    for (let at = 0; at < 3; at++) await get(agents, `https://localhost:${server.port}/${at}`);
    expect(proxy.asked).toHaveLength(1);
  });

  it('check the target before they ask it', async () => {
    const proxy = await proxyServer(secure);
    const agents = guarded({ proxyUrl: proxy.url, caFile: tls.caFile }, dns('10.0.0.1')).agents();
    for (const url of [
      'http://store.example.com/',
      'https://store.example.com/',
      'http://127.1/',
      'https://[::1]/',
    ]) {
      await expect(get(agents, url), url).rejects.toMatchObject(REFUSED);
    }
    const airGap = guarded(
      { mode: 'allowlist_only', proxyUrl: proxy.url, caFile: tls.caFile },
      PUBLIC,
    ).agents();
    await expect(get(airGap, 'http://store.example.com/')).rejects.toMatchObject(REFUSED);
    await expect(get(airGap, 'https://store.example.com/')).rejects.toMatchObject(REFUSED);
    expect(proxy.asked).toEqual([]);
  });

  it('say who they are with the name and password of the standard variable', async () => {
    const server = await tlsServer();
    const proxy = await proxyServer(secure, server.port);
    const standardProxyUrl = proxy.url.replace('//', '//user:p%40ss@');
    const agents = guarded({ standardProxyUrl, caFile: tls.caFile }, PUBLIC).agents();
    await get(agents, 'http://store.example.com/');
    await get(agents, `https://localhost:${server.port}/`);
    const header = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(proxy.asked.map((line) => line.endsWith(header))).toEqual([true, true]);
  });

  it('fail when it refuses the tunnel', async () => {
    const proxy = await proxyServer(secure, 0, 407);
    const agents = guarded({ proxyUrl: proxy.url, caFile: tls.caFile }, PUBLIC).agents();
    await expect(get(agents, 'https://store.example.com/')).rejects.toThrow('status 407');
  });
});

describe('guarded agents with NO_PROXY', () => {
  it.each([
    ['*', 'minio.corp.test', true],
    ['corp.test', 'minio.corp.test', true],
    ['.corp.test', 'minio.corp.test', true],
    ['*.corp.test', 'minio.corp.test', true],
    ['minio.corp.test:9000', 'MINIO.corp.test', true],
    ['127.0.0.1', '127.0.0.1', true],
    ['::1', '[::1]', true],
    ['corp.test', 'minio.evilcorp.test', false],
    ['other.test', 'minio.corp.test', false],
  ])('%s: %s is called directly: %s', async (noProxy, host, isDirect) => {
    const proxy = await proxyServer(false);
    const server = await plainServer();
    const settings = { mode: 'off' as const, standardProxyUrl: proxy.url, noProxy: [noProxy] };
    const agents = guarded(settings, dns('127.0.0.1')).agents();
    const answer = await get(agents, `http://${host}:${server.port}/x`);
    expect(answer).toBe(isDirect ? '200 plain /x' : '200 by proxy');
    await get(agents, `https://${host}:${server.port}/x`).catch(() => undefined);
    expect(proxy.asked.filter((line) => line.startsWith('CONNECT'))).toHaveLength(isDirect ? 0 : 1);
  });

  it('does not open a way around the guard', async () => {
    const proxy = await proxyServer(false);
    const canary = await plainServer();
    const agents = guarded({ standardProxyUrl: proxy.url, noProxy: ['*'] }, dns('127.0.0.1')).agents();
    await expect(get(agents, `http://store.example.com:${canary.port}/`)).rejects.toMatchObject(REFUSED);
    await expect(get(agents, `https://store.example.com:${canary.port}/`)).rejects.toMatchObject(REFUSED);
    expect([canary.connections(), proxy.asked]).toEqual([0, []]);
  });

  it('counts with the standard variable only', async () => {
    const proxy = await proxyServer(false);
    const agents = guarded({ proxyUrl: proxy.url, noProxy: ['*'] }, dns('1.1.1.1')).agents();
    expect(await get(agents, 'http://store.example.com/')).toBe('200 by proxy');
  });
});
