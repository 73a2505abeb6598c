import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type FileContent, sendFile, type SendOptions, type ServedFile } from './stream-response.js';

const ETAG = '"etag-of-the-file"';
const CONTENT = Buffer.from('0123456789');
let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

type Way = 'a stream' | 'a reused buffer';

/** Content that is read one way only; the other way fails. */
function contentOf(stream: Readable, way: Way): FileContent {
  if (way === 'a stream') return { stream };
  return {
    stream: Readable.from([Buffer.from('not this way')]),
    async copyTo(write) {
      const memory = Buffer.alloc(64 * 1024);
      try {
        for await (const chunk of stream) {
          (chunk as Buffer).copy(memory);
          await write(memory.subarray(0, (chunk as Buffer).length));
        }
      } finally {
        stream.destroy();
      }
    },
  };
}

/** A file whose content is in memory, or is opened. */
function fileOf(content: Buffer, kind: 'memory' | 'opened'): ServedFile & { opened: Readable[] } {
  const opened: Readable[] = [];
  return {
    etag: ETAG,
    headers: ['content-type', 'application/zip'],
    ...(kind === 'memory' && { bytes: content }),
    size: () => (kind === 'memory' ? content.length : Promise.resolve(content.length)),
    open: async ({ start, length }) => {
      const stream = Readable.from([content.subarray(start, start + length)]);
      opened.push(stream);
      return { stream };
    },
    opened,
  };
}

async function serve(file: ServedFile, options: Partial<SendOptions> = {}): Promise<number> {
  server = createServer((incoming, response) => {
    const all = { headers: ['x-request-id', 'r1'], idleTimeoutMs: 5000, ...options };
    Promise.resolve(sendFile(incoming, response, file, all)).catch((error: Error) => {
      response.writeHead(500).end(error.message);
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function ask(
  port: number,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ port, host: '127.0.0.1', headers, method, agent: false }, (response) => {
      buffer(response).then(
        (body) => resolve({ status: response.statusCode!, headers: response.headers, body: body.toString() }),
        reject,
      );
    });
    call.on('error', reject).end();
  });
}

describe.each(['memory', 'opened'] as const)('sending a file that is %s', (kind) => {
  it('gives all of it, with length and entity tag', async () => {
    const answer = await ask(await serve(fileOf(CONTENT, kind)));
    expect(answer).toMatchObject({ status: 200, body: '0123456789' });
    expect(answer.headers).toMatchObject({
      'content-length': '10',
      'content-type': 'application/zip',
      'accept-ranges': 'bytes',
      'x-request-id': 'r1',
      etag: ETAG,
    });
    expect(answer.headers).not.toHaveProperty('content-encoding');
    expect(answer.headers).not.toHaveProperty('transfer-encoding');
  });

  it.each([
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=3-5', '345', 'bytes 3-5/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=5-100', '56789', 'bytes 5-9/10'],
  ])('gives the range %s', async (range, body, contentRange) => {
    const answer = await ask(await serve(fileOf(CONTENT, kind)), { range });
    expect(answer).toMatchObject({ status: 206, body });
    expect(answer.headers).toMatchObject({
      'content-range': contentRange,
      'content-length': String(body.length),
    });
  });

  it.each(['bytes=0-1,3-4', 'bytes=5-4', 'items=0-1', 'nonsense'])('ignores the range %s', async (range) => {
    expect(await ask(await serve(fileOf(CONTENT, kind)), { range })).toMatchObject({
      status: 200,
      body: '0123456789',
    });
  });

  it.each(['bytes=10-', 'bytes=11-12', 'bytes=-0'])(
    'refuses the range %s and says the size',
    async (range) => {
      const answer = await ask(await serve(fileOf(CONTENT, kind)), { range });
      expect(answer.status).toBe(416);
      expect(answer.headers['content-range']).toBe('bytes */10');
      expect(JSON.parse(answer.body)).toEqual({ error: 'The requested range lies outside the file' });
    },
  );

  it('answers HEAD as GET, without opening anything', async () => {
    const file = fileOf(CONTENT, kind);
    const port = await serve(file);
    const [head, part, outside] = [
      await ask(port, {}, 'HEAD'),
      await ask(port, { range: 'bytes=1-2' }, 'HEAD'),
      await ask(port, { range: 'bytes=99-' }, 'HEAD'),
    ];
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe('10');
    expect(part).toMatchObject({ status: 206, body: '' });
    expect(part.headers['content-length']).toBe('2');
    expect(outside).toMatchObject({ status: 416, body: '' });
    expect(file.opened).toEqual([]);
  });

  it.each([ETAG, `W/${ETAG}`, '*', `"other", ${ETAG}`])('says 304 for If-None-Match: %s', async (tag) => {
    const answer = await ask(await serve(fileOf(CONTENT, kind)), {
      'if-none-match': tag,
      range: 'bytes=0-1',
    });
    expect(answer).toMatchObject({ status: 304, body: '' });
    expect(answer.headers['etag']).toBe(ETAG);
  });

  it('sends it again for another tag', async () => {
    expect(await ask(await serve(fileOf(CONTENT, kind)), { 'if-none-match': '"other"' })).toMatchObject({
      status: 200,
    });
  });

  it('honors If-Range only with the same strong tag', async () => {
    const port = await serve(fileOf(CONTENT, kind));
    const status = async (ifRange: string) =>
      (await ask(port, { range: 'bytes=0-1', 'if-range': ifRange })).status;
    expect(await status(ETAG)).toBe(206);
    expect(await status(`W/${ETAG}`)).toBe(200);
    expect(await status('"other"')).toBe(200);
    expect(await status('Wed, 21 Oct 2015 07:28:00 GMT')).toBe(200);
  });

  it('sends an empty file', async () => {
    const port = await serve(fileOf(Buffer.alloc(0), kind));
    expect(await ask(port)).toMatchObject({ status: 200, body: '', headers: { 'content-length': '0' } });
    expect((await ask(port, { range: 'bytes=0-' })).status).toBe(416);
  });
});

describe.each<Way>(['a stream', 'a reused buffer'])('a file sent through %s', (way) => {
  const endless = (onChunk: () => void, onClose: () => void = () => undefined): ServedFile => ({
    etag: ETAG,
    headers: [],
    size: () => 10 ** 12,
    open: async () => {
      const stream = new Readable({
        highWaterMark: 64 * 1024,
        read() {
          onChunk();
          this.push(Buffer.alloc(64 * 1024));
        },
      });
      return contentOf(stream.once('close', onClose), way);
    },
  });

  it('is read only as fast as the client takes it, and cut off when that stands still (W3)', async () => {
    let chunks = 0;
    const port = await serve(
      endless(() => chunks++),
      { idleTimeoutMs: 300 },
    );
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    socket.pause();
    await pause(200);
    const taken = chunks;
    await pause(1200);
    expect(chunks - taken).toBeLessThan(50);
    expect(await new Promise((resolve) => server!.getConnections((_error, open) => resolve(open)))).toBe(0);
    socket.destroy();
  });

  it('is closed when the client leaves, without a complaint', async () => {
    let failure: Error | undefined;
    const closed = Promise.withResolvers<void>();
    const port = await serve(
      endless(() => undefined, closed.resolve),
      { onFailure: (error) => (failure = error) },
    );
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    socket.once('data', () => socket.destroy());
    await closed.promise;
    expect(failure).toBeUndefined();
  });

  it('that breaks off ends the connection, so that a part is never taken for the whole', async () => {
    let failure: Error | undefined;
    const broken: ServedFile = {
      etag: ETAG,
      headers: [],
      size: () => 1000,
      open: async () => {
        const stream = Readable.from(
          (async function* () {
            yield Buffer.alloc(10);
            await pause(20);
            throw new Error('EIO');
          })(),
        );
        return contentOf(stream, way);
      },
    };
    const port = await serve(broken, { onFailure: (error) => (failure = error) });
    await expect(ask(port)).rejects.toThrow('aborted');
    await vi.waitFor(() => expect(failure?.message).toBe('EIO'));
  });

  it('that cannot be opened leaves the answer to the caller', async () => {
    let heads = 0;
    const closed: ServedFile = {
      etag: ETAG,
      headers: [],
      size: () => 5,
      open: async () => Promise.reject(new Error('no')),
    };
    const answer = await ask(await serve(closed, { beforeHead: () => heads++ }));
    expect(answer).toMatchObject({ status: 500, body: 'no' });
    expect(heads).toBe(0);
  });
});
