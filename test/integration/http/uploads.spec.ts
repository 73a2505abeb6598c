import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Open } from '../../../src/access/route-access.decorator.js';
import { armFailpoint, disarmFailpoints } from '../../../src/platform/failpoints/failpoint.js';
import { AcceptsUpload } from '../../../src/platform/http/accepts-upload.js';
import { MultipartUpload } from '../../../src/platform/http/multipart-upload.js';
import { eventually, exchange, open, readAll } from './support/raw-http.js';
import { TestApplication } from './support/test-application.js';

const MIB = 1024 * 1024;

@Controller('api/v1')
class UploadController {
  constructor(private readonly uploads: MultipartUpload) {}

  @Open()
  @HttpCode(200)
  @Post('upload')
  @AcceptsUpload()
  async upload(@Req() request: FastifyRequest): Promise<object> {
    const upload = await this.uploads.receive(request, {
      files: {
        file: { maxBytes: 2 * MIB, setting: 'uploads.module.max_size' },
        more: { maxBytes: 1024, many: true },
        key: { maxBytes: 1024, orText: true },
      },
      textFieldMaxBytes: 100,
    });
    try {
      const files = upload.files.map(({ field, filename, size, digest }) => ({
        field,
        filename,
        size,
        digest,
      }));
      return { fields: { ...upload.fields }, files, key: await upload.fieldOrFile('key') };
    } finally {
      await upload.dispose();
    }
  }
}

interface Received {
  fields: Record<string, string>;
  files: { field: string; filename: string; size: number; digest: string }[];
  key?: string;
}

let server: TestApplication;
let port: number;
beforeAll(async () => {
  server = await TestApplication.start([UploadController], {
    limits: { maxConcurrentUploads: 3 },
    server: { streamIdleTimeoutMs: 500 },
  });
  port = await server.listen();
});
afterEach(() => disarmFailpoints());
afterAll(() => server.stop());

const url = () => `http://127.0.0.1:${port}/api/v1/upload`;
const send = (body: FormData, headers: Record<string, string> = {}) =>
  fetch(url(), { method: 'POST', body, headers });
const spooled = async () => (await readdir(join(server.directory, 'tmp')).catch(() => [])).length;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

function form(...parts: [string, string | Buffer, string?][]): FormData {
  const body = new FormData();
  for (const [name, value, filename] of parts) {
    if (typeof value === 'string') body.append(name, value);
    else body.append(name, new Blob([new Uint8Array(value)]), filename ?? 'a.bin');
  }
  return body;
}

const BOUNDARY = 'x-boundary';
const filePart = (content: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n${content}\r\n--${BOUNDARY}--\r\n`;
const raw = (
  body: string,
  contentType = `multipart/form-data; boundary=${BOUNDARY}`,
  headers: string[] = [],
) =>
  [
    'POST /api/v1/upload HTTP/1.1',
    'Host: localhost',
    'Connection: close',
    `Content-Type: ${contentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
    '',
    body,
  ].join('\r\n');

describe('an upload', () => {
  it('is read whatever the order of its parts, and hashed on the way', async () => {
    const bytes = randomBytes(MIB + 17);
    for (const parts of [
      [
        ['file', bytes, 'm.tar.gz'],
        ['name', 'vpc'],
        ['version', '1.0.0'],
      ],
      [
        ['name', 'vpc'],
        ['file', bytes, 'm.tar.gz'],
        ['version', '1.0.0'],
      ],
      [
        ['name', 'vpc'],
        ['version', '1.0.0'],
        ['file', bytes, 'm.tar.gz'],
      ],
    ] as [string, string | Buffer, string?][][]) {
      const response = await send(form(...parts));
      expect(await response.json()).toEqual({
        fields: { name: 'vpc', version: '1.0.0' },
        files: [{ field: 'file', filename: 'm.tar.gz', size: bytes.length, digest: sha256(bytes) }],
      });
    }
    expect(await spooled()).toBe(0);
  });

  it('may have several parts of one name where that is allowed, and an empty one', async () => {
    const response = await send(form(['more', Buffer.from('1'), '1'], ['more', Buffer.alloc(0), '2']));
    const { files } = (await response.json()) as Received;
    expect(files.map(({ filename, size }) => [filename, size])).toEqual([
      ['1', 1],
      ['2', 0],
    ]);
    const twice = await send(form(['file', Buffer.from('1')], ['file', Buffer.from('2')]));
    expect(twice.status).toBe(400);
  });

  it('may bring a key as text or as a file', async () => {
    for (const key of ['-----BEGIN KEY-----', Buffer.from('-----BEGIN KEY-----')]) {
      const received = (await (await send(form(['key', key, 'key.asc']))).json()) as Received;
      expect(received.key).toBe('-----BEGIN KEY-----');
    }
  });

  it('may have parts that nobody asked for', async () => {
    const response = await send(
      form(['unknown', Buffer.alloc(5000), 'x'], ['other', 'text'], ['file', Buffer.from('1')]),
    );
    const { files, fields } = (await response.json()) as Received;
    expect(files.map(({ field }) => field)).toEqual(['file']);
    expect(fields).toEqual({ other: 'text' });
  });

  it('never uses the filename of the client as a path', async () => {
    const received = (await (
      await send(form(['file', Buffer.from('1'), '../../etc/passwd']))
    ).json()) as Received;
    expect(received.files[0]?.filename).toBe('passwd');
  });
});

describe('limits', () => {
  it('take a file at the limit and refuse one byte more with the setting that raises it', async () => {
    expect((await send(form(['file', Buffer.alloc(2 * MIB)]))).status).toBe(200);
    const refused = await send(form(['file', Buffer.alloc(2 * MIB + 1)]));
    expect(refused.status).toBe(413);
    expect(await refused.json()).toEqual({
      error: 'The part "file" is larger than the limit of 2 MiB (uploads.module.max_size)',
      code: 'too_large',
    });
    expect(await spooled()).toBe(0);
  });

  it('refuse a long text field and too many fields', async () => {
    expect((await send(form(['name', 'x'.repeat(100)]))).status).toBe(200);
    expect((await send(form(['name', 'x'.repeat(101)]))).status).toBe(413);
    const many = Array.from({ length: 101 }, (_, index): [string, string] => [`f${index}`, 'x']);
    expect((await send(form(...many))).status).toBe(413);
    expect((await send(form(...many.slice(1)))).status).toBe(200);
  });

  it('answer 503 with Retry-After above the number of uploads at a time', async () => {
    const holds: (() => void)[] = [];
    armFailpoint('upload-temp-open', () => new Promise<void>((resolve) => holds.push(resolve)));
    const held = Array.from({ length: 3 }, () => send(form(['file', Buffer.from('1')])));
    await eventually(() => holds.length === 3);
    const refused = await send(form(['file', Buffer.from('1')]));
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    for (const release of holds) release();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200, 200]);
    disarmFailpoints();
    expect((await send(form(['file', Buffer.from('1')]))).status).toBe(200);
  });
});

describe('broken uploads', () => {
  it.each([
    ['no boundary', raw(filePart('x'), 'multipart/form-data'), 400],
    ['no last boundary', raw(filePart('x').slice(0, -20)), 400],
    ['a reserved name', raw(filePart('x').replace('name="file"', 'name="__proto__"')), 400],
    ['another content type', raw('{}', 'application/json'), 415],
    ['another multipart type', raw(filePart('x'), `multipart/mixed; boundary=${BOUNDARY}`), 415],
  ])('are refused: %s', async (_what, request, status) => {
    expect(await exchange(port, request)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(await spooled()).toBe(0);
  });

  it('leave nothing behind when the connection is cut anywhere', async () => {
    const request = raw(filePart('x'.repeat(100_000)));
    for (let cut = 300; cut < request.length; cut += 9_973) {
      const socket = await open(port);
      socket.on('error', () => undefined);
      socket.write(request.slice(0, cut));
      await new Promise((resolve) => setTimeout(resolve, 2));
      socket.destroy();
    }
    await eventually(async () => (await spooled()) === 0);
    expect((await send(form(['file', Buffer.from('1')]))).status).toBe(200);
  });

  it('are cut off when nothing comes for too long', async () => {
    const socket = await open(port);
    const answer = readAll(socket);
    socket.write(raw(filePart('x'.repeat(100_000))).slice(0, 5_000));
    expect(await answer).toBe('');
    await eventually(async () => (await spooled()) === 0);
    expect(await spooled()).toBe(0);
  });

  it('are answered while the client is still sending (D14)', async () => {
    const socket = await open(port);
    const answer = readAll(socket);
    socket.write(raw(filePart('x'.repeat(50 * MIB))).slice(0, 3 * MIB));
    await eventually(() => socket.bytesRead > 0);
    socket.destroy();
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('Content-Digest', () => {
  const digest = (body: string) =>
    `Content-Digest: sha-256=:${createHash('sha256').update(body).digest('base64')}:`;

  it('is checked when it is sent (D13)', async () => {
    const body = filePart('content');
    expect(await exchange(port, raw(body, undefined, [digest(body)]))).toMatch(/^HTTP\/1\.1 200 /);
    const flipped = await exchange(port, raw(filePart('c0ntent'), undefined, [digest(body)]));
    expect(flipped).toMatch(/^HTTP\/1\.1 400 [^]*content_digest_mismatch/);
    expect(await exchange(port, raw(body, undefined, ['Content-Digest: sha-256=nonsense']))).toMatch(
      /^HTTP\/1\.1 400 /,
    );
    expect(await exchange(port, raw(body, undefined, ['Content-Digest: md5=:AAAA:']))).toMatch(
      /^HTTP\/1\.1 200 /,
    );
    expect(await spooled()).toBe(0);
  });
});
