import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo, LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EgressConfig } from '../../../src/config/egress.config.js';
import { Metrics } from '../../../src/platform/metrics/metrics.js';
import { EgressGuard } from '../../../src/platform/outbound-http/egress-guard.js';
import { OutboundHttp } from '../../../src/platform/outbound-http/outbound-http.js';
import { EgressRefused, OutboundFailed } from '../../../src/platform/outbound-http/outbound-http.errors.js';
import { issueTestTls, type TestTls } from '../../support/tls.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A listener whose answer a test sets; it keeps what it was asked. */
class Listener {
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
  connections = 0;
  answer: Handler = (_request, response) => void response.end('here');

  private constructor(
    private readonly server: Server,
    readonly host: string,
    private readonly scheme: string,
  ) {}

  static async start(host: string, tls?: TestTls): Promise<Listener> {
    const server = tls ? createTlsServer({ cert: tls.cert, key: tls.key }) : createServer();
    const listener = new Listener(server, host, tls ? 'https' : 'http');
    server.on('connection', () => (listener.connections += 1));
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const { method = '', url = '', headers } = request;
      listener.requests.push({ method, url, headers });
      listener.answer(request, response);
    });
    await new Promise<void>((done, fail) => server.once('error', fail).listen(0, host, done));
    return listener;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.scheme}://${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.port}`;
  }

  redirectTo(location: string, status = 302): void {
    const bytes = Buffer.from(location).toString('latin1');
    this.answer = (_request, response) => void response.writeHead(status, { location: bytes }).end();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}

/** Where the listed server may be reached, and everything else may not. */
const LISTED = '127.0.0.3';
const directory = mkdtempSync(join(tmpdir(), 'tfr-egress-'));
let open: Listener;
let other: Listener;
let canaries: Listener[];
const clients: OutboundHttp[] = [];

function outbound(settings: Partial<EgressConfig> = {}, resolve?: LookupFunction): OutboundHttp {
  const config = Object.assign(new EgressConfig(), { allowlist: [LISTED], ...settings });
  const client = new OutboundHttp(new EgressGuard(config, resolve), config, new Metrics(new Registry()));
  clients.push(client);
  return client;
}

/** A DNS: `answers` is asked with the name and how often it was asked before. */
function dns(answers: (name: string, before: number) => string[]): LookupFunction {
  const asked = new Map<string, number>();
  return ((name: string, _options: unknown, answer: (error: null, found: unknown) => void) => {
    const before = asked.get(name) ?? 0;
    asked.set(name, before + 1);
    const found = answers(name, before);
    answer(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as LookupFunction;
}

const hits = (): number => canaries.reduce((sum, canary) => sum + canary.connections, 0);

beforeAll(async () => {
  Logger.overrideLogger(false);
  open = await Listener.start(LISTED);
  other = await Listener.start(LISTED);
  canaries = await Promise.all(['127.0.0.1', '127.0.0.2', '::1'].map((host) => Listener.start(host)));
});
afterEach(() => {
  for (const listener of [open, other]) {
    listener.requests.length = 0;
    listener.answer = (_request, response) => void response.end('here');
  }
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.onApplicationShutdown()));
  await Promise.all([open, other, ...canaries].map((listener) => listener.stop()));
  rmSync(directory, { recursive: true, force: true });
});

/** Every way to name one of the canaries. */
function forbiddenUrls(): string[] {
  const [first, second, sixth] = canaries.map(({ port }) => port);
  const ofFirst = [
    '127.0.0.1', 'localhost', '127.1', '0x7f.1', '2130706433', '0177.0.0.1', '127.0.0.1.', '①②⑦.⓪.⓪.①',
    '127。0。0。1', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::127.0.0.1]',
    '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '0.0.0.0', '0', '[::]', '127.0.0.1%2e', 'LOCALHOST',
  ]; // prettier-ignore
  return [
    ...ofFirst.map((host) => `http://${host}:${first}/`),
    `http://127.0.0.2:${second}/`,
    `http://[::1]:${sixth}/`,
    `http://[0:0:0:0:0:0:0:1]:${sixth}/`,
    `http://${LISTED}@127.0.0.1:${first}/`,
    `http://user:pw@127.0.0.1:${first}/`,
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.1/',
    'http://192.168.1.1/',
    'http://172.16.0.1/',
    'http://[fd00::1]/',
    'http://[fe80::1]/',
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
    'ftp://127.0.0.1/',
    'data:text/plain,hello',
  ].filter((url) => URL.canParse(url));
}

describe('the egress guard of the outbound client (I8, F7, F8, F9)', () => {
  it('refuses every way to name a private address, asked for or redirected to, with 0 connections', async () => {
    const client = outbound();
    const urls = forbiddenUrls();
    for (const url of urls) {
      await expect(client.fetch(url, { retries: 0 }), url).rejects.toBeInstanceOf(EgressRefused);
      open.redirectTo(url);
      await expect(client.fetch(`${open.url}/start`, { retries: 0 }), url).rejects.toThrow();
    }
    console.log(`egress: ${urls.length} URLs and ${urls.length} redirects, ${hits()} canary hits`);
    expect(urls.length).toBeGreaterThanOrEqual(35);
    expect(hits()).toBe(0);
  });

  it('refuses private addresses behind names, also when a name changes its address: 1000 tries', async () => {
    const kinds: ((before: number) => string[])[] = [
      () => [LISTED],
      () => ['127.0.0.2'],
      () => [LISTED, '127.0.0.2'],
      (before) => [before === 0 ? LISTED : '127.0.0.2'],
    ];
    const rebinding = outbound(
      {},
      dns((name, before) => kinds[Number(/\d+/.exec(name)) % 4]!(before)),
    );
    const outcomes = await Promise.all(
      Array.from({ length: 1000 }, async (_, attempt) => {
        const port = attempt % 4 === 0 ? open.port : canaries[1]!.port;
        const url = `http://try-${attempt}.example.com:${port}/`;
        return rebinding.fetch(url, { retries: 0 }).then(
          async (answer) => answer.text(),
          (error: Error) => error.name,
        );
      }),
    );
    const expected = ['here', 'EgressRefused', 'EgressRefused', 'OutboundFailed'];
    expect(outcomes).toEqual(outcomes.map((_, attempt) => expected[attempt % 4]));
    expect(hits()).toBe(0);
  });

  it('checks each hop of a chain', async () => {
    const client = outbound();
    other.redirectTo(`${canaries[0]!.url}/`);
    open.redirectTo(`${other.url}/next`);
    await expect(client.fetch(open.url)).rejects.toBeInstanceOf(EgressRefused);
    expect(other.requests).toHaveLength(1);
    expect(hits()).toBe(0);
  });

  it('reaches nothing that is not listed in an air gap, and everything when it is off', async () => {
    const only = outbound(
      { mode: 'allowlist_only', allowlist: [LISTED] },
      dns(() => ['1.1.1.1']),
    );
    await expect(only.fetch('http://example.com/')).rejects.toBeInstanceOf(EgressRefused);
    expect((await only.fetch(open.url)).status).toBe(200);
    const off = outbound({ mode: 'off', allowlist: [] });
    expect(await (await off.fetch(open.url)).text()).toBe('here');
  });
});

describe('outgoing requests', () => {
  it('take no credential to another origin and keep them on their own', async () => {
    const headers = {
      authorization: 'Bearer canary',
      'private-token': 'canary',
      cookie: 'a=canary',
      accept: 'a/b',
    };
    open.redirectTo(`${other.url}/there`);
    await (await outbound().fetch(open.url, { headers })).text();
    expect(other.requests[0]!.headers).toMatchObject({ accept: 'a/b' });
    expect(JSON.stringify(other.requests[0]!.headers)).not.toContain('canary');
    open.answer = ({ url }, response) =>
      url === '/' ? void response.writeHead(302, { location: '/same' }).end() : void response.end();
    await (await outbound().fetch(open.url, { headers })).text();
    expect(open.requests.at(-1)!.headers.authorization).toBe('Bearer canary');
  });

  it.each([301, 302, 303])('turn a POST into a GET without body after %i', async (status) => {
    open.redirectTo(`${other.url}/there`, status);
    await (await outbound().fetch(open.url, { method: 'POST', body: 'secret' })).text();
    expect(other.requests[0]).toMatchObject({ method: 'GET' });
    expect(other.requests[0]!.headers['content-length']).toBeUndefined();
  });

  it.each([307, 308])('never take a body to another origin (%i)', async (status) => {
    open.redirectTo(`${other.url}/there`, status);
    const request = outbound().fetch(open.url, { method: 'POST', body: 'secret' });
    await expect(request).rejects.toBeInstanceOf(OutboundFailed);
    expect(other.requests).toHaveLength(0);
  });

  it('give up on loops and on redirects that are not wanted', async () => {
    open.redirectTo(`${open.url}/again`);
    await expect(outbound().fetch(open.url)).rejects.toThrow('too many');
    expect(open.requests).toHaveLength(6);
    await expect(outbound().fetch(open.url, { redirect: 'error' })).rejects.toThrow('none is expected');
    expect((await outbound().fetch(open.url, { redirect: 'manual' })).status).toBe(302);
  });

  it('read an answer at the size limit and none above it', async () => {
    const size = 4096;
    const client = outbound({ maxResponseBytes: size });
    open.answer = (_request, response) => void response.end(Buffer.alloc(size));
    expect((await (await client.fetch(open.url)).arrayBuffer()).byteLength).toBe(size);
    open.answer = (_request, response) => void response.end(Buffer.alloc(size + 1));
    const larger = await client.fetch(open.url);
    await expect(larger.arrayBuffer()).rejects.toThrow('larger than 4096 bytes');
  });

  it.each(['before the headers', 'inside the body'])('end when the other side stops %s', async (where) => {
    open.answer = (_request, response) => {
      if (where === 'inside the body') response.write('a');
    };
    const read = async () => (await outbound({ timeoutMs: 200 }).fetch(open.url, { retries: 0 })).text();
    await expect(read()).rejects.toThrow('did not answer in time');
  });

  it('try again what may be repeated, and nothing else', async () => {
    let asked = 0;
    open.answer = (_request, response) => void response.writeHead((asked += 1) === 1 ? 503 : 200).end();
    expect((await outbound().fetch(open.url)).status).toBe(200);
    asked = 0;
    expect((await outbound().fetch(open.url, { method: 'POST', body: 'a' })).status).toBe(503);
    expect(open.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'POST']);
  });

  it('trust an additional certificate authority only where it is configured (F10)', async () => {
    const tls = await issueTestTls(directory);
    const secure = await Listener.start('127.0.0.1', tls);
    const settings = { allowlist: ['127.0.0.1'] };
    await expect(outbound(settings).fetch(secure.url, { retries: 0 })).rejects.toBeInstanceOf(OutboundFailed);
    const trusting = outbound({ ...settings, caFile: tls.caFile });
    expect(await (await trusting.fetch(secure.url)).text()).toBe('here');
    secure.redirectTo(open.url);
    const leaving = outbound({ allowlist: ['127.0.0.1', LISTED], caFile: tls.caFile });
    await expect(leaving.fetch(secure.url)).rejects.toThrow('leaves https');
    await secure.stop();
  });

  it('go through a proxy, after the target was checked', async () => {
    const proxy = outbound(
      { allowlist: [], proxyUrl: open.url },
      dns(() => ['1.1.1.1']),
    );
    open.answer = (_request, response) => void response.end('from the proxy');
    expect(await (await proxy.fetch('http://example.com/a?b=c')).text()).toBe('from the proxy');
    expect(open.requests[0]!.url).toBe('http://example.com/a?b=c');
    await expect(proxy.fetch(`${canaries[0]!.url}/`)).rejects.toBeInstanceOf(EgressRefused);
    const inside = outbound(
      { allowlist: [], proxyUrl: open.url },
      dns(() => ['10.0.0.1']),
    );
    await expect(inside.fetch('http://intranet.example.com/')).rejects.toBeInstanceOf(EgressRefused);
    const around = outbound({ standardProxyUrl: canaries[0]!.url, noProxy: [LISTED] });
    expect((await around.fetch(other.url)).status).toBe(200);
    expect(hits()).toBe(0);
  });

  it('serve libraries as a standard fetch', async () => {
    const fetch = outbound().fetchFor('sign-in');
    open.answer = (request, response) => void request.pipe(response);
    const body = new URLSearchParams({ code: 'a b' });
    const answer = await fetch(open.url, { method: 'POST', body, redirect: 'manual' });
    expect(await answer.text()).toBe('code=a+b');
    expect(open.requests[0]!.headers['content-type']).toContain('application/x-www-form-urlencoded');
  });
});
