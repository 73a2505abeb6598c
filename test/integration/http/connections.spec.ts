import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Open } from '../../../src/access/route-access.decorator.js';
import { Readiness } from '../../../src/platform/health/readiness.js';
import { drainServer } from '../../../src/platform/http/graceful-shutdown.js';
import { eventually, exchange, open, readAll } from './support/raw-http.js';
import { TestApplication } from './support/test-application.js';

let release: (() => void) | undefined;

@Controller('api/v1')
class SlowController {
  @Open()
  @Get('slow')
  async slow(): Promise<object> {
    await new Promise<void>((resolve) => (release = resolve));
    return { done: true };
  }

  @Open()
  @HttpCode(200)
  @Post('echo')
  echo(@Body() body: object): object {
    return body;
  }
}

let server: TestApplication;
let port: number;
beforeAll(async () => {
  server = await TestApplication.start([SlowController], { server: { readTimeoutMs: 400 } });
  port = await server.listen();
});
afterAll(() => server.stop());

const get = (target: string, ...headers: string[]) =>
  [`GET ${target} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n');

describe('targets that mean different things to different programs', () => {
  it.each([
    '/%2e%2e/livez',
    '/a/../livez',
    '/a/.%2E/livez',
    '/./livez',
    '/a\\livez',
    'http://other/livez',
    '/liv\u00e9z',
  ])('are refused: %s', async (target) => {
    expect(await exchange(port, get(target))).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('requests that two servers may read differently', () => {
  const SMUGGLED = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const post = (headers: string[], body: string) =>
    [
      'POST /api/v1/echo HTTP/1.1',
      'Host: localhost',
      'Content-Type: application/json',
      ...headers,
      '',
      body,
    ].join('\r\n');

  it.each([
    ['length and chunks', post(['Content-Length: 4', 'Transfer-Encoding: chunked'], `0\r\n\r\n${SMUGGLED}`)],
    ['two lengths', post(['Content-Length: 2', 'Content-Length: 60'], `{}${SMUGGLED}`)],
    ['a length with a sign', post(['Content-Length: +2'], `{}${SMUGGLED}`)],
    ['an obscured transfer encoding', post(['Transfer-Encoding: xchunked'], `0\r\n\r\n${SMUGGLED}`)],
    [
      'two transfer encodings',
      post(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `0\r\n\r\n${SMUGGLED}`),
    ],
    ['a bare line feed', 'GET /livez HTTP/1.1\nHost: localhost\n\n'],
    ['a space before the colon', get('/livez', 'X-Test : 1')],
    ['a folded header', get('/livez', 'X-Test: 1', ' folded')],
    ['no Host', 'GET /livez HTTP/1.1\r\n\r\n'],
    ['two credentials', get('/livez', 'Authorization: Bearer a', 'Authorization: Bearer b')],
  ])('are answered once, with 400, and the connection is closed: %s', async (_what, request) => {
    const answer = await exchange(port, request);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
    expect(answer).toMatch(/\r\nx-content-type-options: nosniff\r\n/i);
    expect(answer).toMatch(/\r\n\r\n\{"error":"[^"]+"/);
  });

  it('answers 431 to headers that are too large', async () => {
    expect(await exchange(port, get('/livez', `X-Test: ${'x'.repeat(20_000)}`))).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('cuts CONNECT off', async () => {
    expect(await exchange(port, 'CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n')).toBe('');
  });
});

describe('slow clients', () => {
  it('get 408 when an ordinary body does not arrive in time', async () => {
    const started = performance.now();
    const answer = await exchange(
      port,
      'POST /api/v1/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"a"',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('{"error":"Request timed out"}');
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it('are told to continue only when the body is wanted', async () => {
    const headers =
      'Host: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nConnection: close';
    const socket = await open(port);
    const answer = readAll(socket);
    socket.write(`POST /api/v1/echo HTTP/1.1\r\n${headers}\r\nContent-Length: 7\r\n\r\n`);
    socket.once('data', () => socket.write('{"a":1}'));
    expect(await answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK[^]*\{"a":1\}$/);
    const refused = await exchange(port, `POST /nothing HTTP/1.1\r\n${headers}\r\nContent-Length: 7\r\n\r\n`);
    expect(refused).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe('the fast path', () => {
  it('is asked before the router, except for requests of other origins or with two credentials', async () => {
    const asked: string[] = [];
    server.http.state.fastPath = {
      answer(request, response) {
        asked.push(request.url ?? '');
        if (request.url !== '/fast') return false;
        response.writeHead(200, ['content-length', '4']).end('fast');
        return true;
      },
    };
    try {
      expect(await exchange(port, get('/fast'))).toMatch(/\r\n\r\nfast$/);
      expect(await exchange(port, get('/livez'))).toMatch(/\{"status":"alive"\}$/);
      expect(await exchange(port, get('/fast', 'Origin: https://a.example'))).toMatch(/^HTTP\/1\.1 404 /);
      expect(await exchange(port, get('/fast', 'Authorization: a', 'authorization: b'))).toMatch(
        /^HTTP\/1\.1 400 /,
      );
      expect(asked).toEqual(['/fast', '/livez']);
    } finally {
      delete server.http.state.fastPath;
    }
  });
});

describe('shutting down', () => {
  it('finishes what is under way, takes nothing new and closes idle connections', async () => {
    const other = await TestApplication.start([SlowController]);
    try {
      const otherPort = await other.listen();
      const idle = readAll(await open(otherPort));
      release = undefined;
      const slow = await open(otherPort);
      const answer = readAll(slow);
      slow.write('GET /api/v1/slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await eventually(() => release !== undefined);
      const readiness = other.app.get(Readiness, { strict: false });
      const drained = drainServer(other.app.getHttpServer(), other.http.state, readiness, 10_000);
      expect((await other.inject('/ready')).statusCode).toBe(503);
      await expect(open(otherPort)).rejects.toThrow('ECONNREFUSED');
      release!();
      expect(await answer).toMatch(/^HTTP\/1\.1 200 OK[^]*\{"done":true\}$/);
      expect(await drained).toBe(true);
      await idle;
    } finally {
      await other.stop();
    }
  });

  it('cuts off what is not done in time', async () => {
    const other = await TestApplication.start([SlowController]);
    try {
      const otherPort = await other.listen();
      release = undefined;
      const slow = exchange(otherPort, get('/api/v1/slow'));
      await eventually(() => release !== undefined);
      const readiness = other.app.get(Readiness, { strict: false });
      expect(await drainServer(other.app.getHttpServer(), other.http.state, readiness, 100)).toBe(false);
      expect(await slow).toBe('');
      release!();
    } finally {
      await other.stop();
    }
  });
});
