import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { plainConnections } from '../../../../test/support/store-connections.js';
import { GcsTransport } from './gcs-transport.js';

const IDLE_MS = 30_000;
/** More than what the kernel keeps of a connection. */
const STEP_BYTES = 16 * 1024 * 1024;

let server: Server;
let transport: GcsTransport;
let url: string;
/** Tells `read` after every step that the server has read; it goes on after `go`. */
let steps: EventEmitter;

beforeEach(async () => {
  steps = new EventEmitter();
  server = createServer((request, response) => {
    readInSteps(request).then(
      () => response.end('all of it'),
      () => undefined,
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  transport = new GcsTransport(plainConnections(), IDLE_MS);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(async () => {
  vi.useRealTimers();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

async function readInSteps(request: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of request) {
    const before = Math.floor(bytes / STEP_BYTES);
    bytes += (chunk as Buffer).length;
    if (Math.floor(bytes / STEP_BYTES) === before) continue;
    const goOn = once(steps, 'go');
    steps.emit('read');
    await goOn;
  }
}

const sending = (signal?: AbortSignal) =>
  transport.send({
    method: 'PUT',
    url,
    headers: {},
    body: [Buffer.alloc(2 * STEP_BYTES), Buffer.alloc(STEP_BYTES + 1)],
    signal,
  });

describe('a request whose body is read slowly', () => {
  it('goes on as long as something moves', async () => {
    let step = once(steps, 'read');
    const answer = sending();
    for (let at = 0; at < 3; at++) {
      await step;
      step = once(steps, 'read');
      vi.advanceTimersByTime(IDLE_MS - 1_000);
      steps.emit('go');
    }
    expect(await text((await answer).body)).toBe('all of it');
  });

  it('fails when nothing moves any more', async () => {
    const step = once(steps, 'read');
    const answer = sending();
    await step;
    vi.advanceTimersByTime(IDLE_MS + 1_000);
    await expect(answer).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('ends with the reason of its signal', async () => {
    const abort = new AbortController();
    const step = once(steps, 'read');
    const answer = sending(abort.signal);
    await step;
    abort.abort(new Error('client left'));
    await expect(answer).rejects.toThrow('client left');
  });
});
