import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, utimes } from 'node:fs/promises';
import { type ClientHttp2Session, connect } from 'node:http2';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { createHash, randomBytes } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Open } from '../../../src/access/route-access.decorator.js';
import { SecurityConfig } from '../../../src/config/security.config.js';
import { Readiness } from '../../../src/platform/health/readiness.js';
import { drainServer } from '../../../src/platform/http/graceful-shutdown.js';
import { AcceptsUpload } from '../../../src/platform/http/accepts-upload.js';
import { MultipartUpload } from '../../../src/platform/http/multipart-upload.js';
import { issueTestTls, type TestTls } from '../../support/tls.js';
import { eventually } from './support/raw-http.js';
import { TestApplication } from './support/test-application.js';

let release: (() => void) | undefined;

@Controller('api/v1')
class EchoController {
  constructor(private readonly uploads: MultipartUpload) {}

  @Open()
  @HttpCode(200)
  @Post('echo')
  echo(@Body() body: object): object {
    return body;
  }

  @Open()
  @HttpCode(200)
  @Post('upload')
  @AcceptsUpload()
  async upload(@Req() request: FastifyRequest): Promise<object> {
    const upload = await this.uploads.receive(request, { files: { file: { maxBytes: 4 * 1024 * 1024 } } });
    await upload.dispose();
    return { digest: upload.file('file')?.digest };
  }

  @Open()
  @Get('slow')
  async slow(): Promise<object> {
    await new Promise<void>((resolve) => (release = resolve));
    return { done: true };
  }
}

let directory: string;
let tls: TestTls;
let server: TestApplication;
let port: number;

const start = async (): Promise<TestApplication> =>
  TestApplication.start([EchoController], {
    server: { readTimeoutMs: 400, publicUrl: 'https://localhost' },
    security: {
      tls: Object.assign(new SecurityConfig().tls, {
        enabled: true,
        certFile: tls.certFile,
        keyFile: tls.keyFile,
      }),
    },
  });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tls-test-'));
  tls = await issueTestTls(directory);
  server = await start();
  port = await server.listen();
});
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

async function ask(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body?: Buffer | string,
): Promise<Answer> {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const cut = once(stream, 'close').then((): never => {
    throw new Error('The stream was closed without an answer');
  });
  const [answer] = (await Promise.race([once(stream, 'response'), cut])) as [Record<string, string>];
  cut.catch(() => undefined);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return { status: Number(answer[':status']), headers: answer, body: Buffer.concat(chunks).toString() };
}

async function withSession<T>(use: (session: ClientHttp2Session) => Promise<T>, to = port): Promise<T> {
  const session = connect(`https://localhost:${to}`, { ca: tls.ca });
  session.on('error', () => undefined);
  try {
    return await use(session);
  } finally {
    session.destroy();
  }
}

describe('TLS', () => {
  it('speaks HTTP/1.1 to clients that know nothing else', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const request = get(
        { port, host: 'localhost', path: '/livez', ca: tls.ca, agent: false },
        (response) => {
          response.resume();
          expect(response.httpVersion).toBe('1.1');
          expect(response.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
          resolve(response.statusCode ?? 0);
        },
      );
      request.on('error', reject);
    });
    expect(status).toBe(200);
  });

  it('speaks HTTP/2 where it is offered, with the same answers (checklist 112)', async () => {
    await withSession(async (session) => {
      const live = await ask(session, { ':path': '/livez' });
      expect([live.status, live.body]).toEqual([200, '{"status":"alive"}']);
      expect(live.headers['x-content-type-options']).toBe('nosniff');
      expect((await ask(session, { ':path': '/livez', ':method': 'HEAD' })).body).toBe('');
      expect((await ask(session, { ':path': '/nothing' })).body).toBe('{"error":"Not found"}');
      expect((await ask(session, { ':path': '/livez', ':method': 'DELETE' })).status).toBe(405);
      expect((await ask(session, { ':path': '/a/../livez' })).status).toBe(400);
      const post = { ':path': '/api/v1/echo', ':method': 'POST', 'content-type': 'application/json' };
      expect((await ask(session, post, '{"a":1}')).body).toBe('{"a":1}');
      expect((await ask(session, post, '{"a":')).status).toBe(400);
      expect((await ask(session, { ':path': '/.well-known/terraform.json' })).headers['content-type']).toBe(
        'application/json',
      );
    });
  });

  it('receives uploads over HTTP/2', async () => {
    const bytes = randomBytes(3 * 1024 * 1024);
    const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
    const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n--b--\r\n')]);
    const headers = {
      ':path': '/api/v1/upload',
      ':method': 'POST',
      'content-type': 'multipart/form-data; boundary=b',
    };
    await withSession(async (session) => {
      const answer = await ask(session, headers, body);
      expect(JSON.parse(answer.body)).toEqual({ digest: createHash('sha256').update(bytes).digest('hex') });
      const tooLarge = await ask(
        session,
        headers,
        Buffer.concat([body.subarray(0, -9), bytes, body.subarray(-9)]),
      );
      expect(tooLarge.status).toBe(413);
      expect((await ask(session, { ':path': '/livez' })).status).toBe(200);
    });
  });

  it('asks the fast path over HTTP/2 as well', async () => {
    server.http.state.fastPath = {
      answer(request, response) {
        if (request.url !== '/fast') return false;
        response.writeHead(200, ['x-test', 'flat', 'content-length', '4']).end(Buffer.from('fast'));
        return true;
      },
    };
    try {
      await withSession(async (session) => {
        const answer = await ask(session, { ':path': '/fast' });
        expect([answer.status, answer.headers['x-test'], answer.body]).toEqual([200, 'flat', 'fast']);
        expect((await ask(session, { ':path': '/livez' })).status).toBe(200);
      });
    } finally {
      delete server.http.state.fastPath;
    }
  });

  it('answers 408 to an HTTP/2 body that does not come', async () => {
    await withSession(async (session) => {
      const stream = session.request({
        ':path': '/api/v1/echo',
        ':method': 'POST',
        'content-type': 'application/json',
      });
      stream.write('{"a"');
      const [answer] = (await once(stream, 'response')) as [Record<string, number>];
      expect(answer[':status']).toBe(408);
      stream.destroy();
    });
  });

  it('uses a changed certificate for new connections', async () => {
    const fingerprint = () =>
      new Promise<string>((resolve, reject) => {
        const socket = connectTls({ port, host: 'localhost', rejectUnauthorized: false }, () => {
          resolve(socket.getPeerCertificate().fingerprint256);
          socket.destroy();
        });
        socket.on('error', reject);
      });
    const before = await fingerprint();
    const next = join(directory, 'next');
    await mkdir(next);
    const renewed = await issueTestTls(next);
    await copyFile(renewed.certFile, tls.certFile);
    await copyFile(renewed.keyFile, tls.keyFile);
    const later = new Date(Date.now() + 5_000);
    await Promise.all([utimes(tls.certFile, later, later), utimes(tls.keyFile, later, later)]);
    await eventually(async () => (await fingerprint()) !== before);
    expect(await fingerprint()).not.toBe(before);
    tls = { ...tls, ca: renewed.ca };
  });

  it('drains HTTP/2: requests under way are finished, then the session ends', async () => {
    const other = await start();
    try {
      const otherPort = await other.listen();
      await withSession(async (session) => {
        release = undefined;
        const slow = ask(session, { ':path': '/api/v1/slow' });
        await eventually(() => release !== undefined);
        const readiness = other.app.get(Readiness, { strict: false });
        const drained = drainServer(other.app.getHttpServer(), other.http.state, readiness, 5_000);
        release!();
        expect((await slow).body).toBe('{"done":true}');
        expect(await drained).toBe(true);
        await eventually(() => session.closed || session.destroyed);
      }, otherPort);
    } finally {
      await other.stop();
    }
  });

  it('cuts HTTP/2 requests off that are not done in time', async () => {
    const other = await start();
    try {
      const otherPort = await other.listen();
      await withSession(async (session) => {
        release = undefined;
        const slow = ask(session, { ':path': '/api/v1/slow' }).catch(() => 'cut');
        await eventually(() => release !== undefined);
        const readiness = other.app.get(Readiness, { strict: false });
        expect(await drainServer(other.app.getHttpServer(), other.http.state, readiness, 100)).toBe(false);
        expect(await slow).toBe('cut');
        release!();
      }, otherPort);
    } finally {
      await other.stop();
    }
  });
});
