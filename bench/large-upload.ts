import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { buildZip } from '../test/support/archives/zip-builder.js';
import { REMOTE_BACKENDS } from '../test/support/storage-backends.js';
import { storageEnv } from '../test/support/storage-env.js';
import { NAMESPACE } from './data-set.js';
import { residentMiB } from './process-usage.js';
import type { WorkloadResult } from './result.js';
import type { BenchServers } from './servers.js';

const MIB = 1024 * 1024;
const CONTENT_MIB = 499;
const MAX_GROWTH_MIB = 96;
const BOUNDARY = 'bench-boundary-0123456789';

/**
 * Workload 13: publishes a provider of almost 500 MiB that cannot be compressed, made while it is sent, to local
 * storage and to every remote backend, each on a server of its own on loopback.
 */
export async function runLargeUploads(servers: BenchServers, key: string): Promise<WorkloadResult[]> {
  const results = [await runLargeUpload(servers, key, 'local')];
  for (const [backend, start] of Object.entries(REMOTE_BACKENDS)) {
    const server = await start();
    try {
      await servers.stopRegistry();
      servers.extraEnvironment = storageEnv(server.settings);
      await servers.startRegistry();
      results.push(await runLargeUpload(servers, key, backend));
    } finally {
      servers.extraEnvironment = {};
      await server.stop();
    }
  }
  return results;
}

async function runLargeUpload(servers: BenchServers, key: string, backend: string): Promise<WorkloadResult> {
  const { pid } = servers.registry;
  const before = residentMiB(pid).now;
  let highest = before;
  const sampler = setInterval(() => (highest = Math.max(highest, residentMiB(pid).now)), 20);
  const startedMs = performance.now();
  try {
    await publish(servers, key, `large-${backend}`);
  } finally {
    clearInterval(sampler);
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  const growth = highest - before;
  return {
    id: '13',
    name: `publish a provider of 500 MB, ${backend}`,
    notes: [
      `peak RSS growth ${growth.toFixed(0)} MiB (at most ${MAX_GROWTH_MIB}), from ${before.toFixed(0)} MiB`,
      `${seconds.toFixed(1)} s`,
    ],
    isMet: growth <= MAX_GROWTH_MIB,
    isVoid: false,
  };
}

async function publish(servers: BenchServers, key: string, type: string): Promise<void> {
  const chunk = randomBytes(MIB);
  const { head, tail } = storedZip(`terraform-provider-${type}_v1.0.0`, chunk, CONTENT_MIB);
  const form = multipart({ namespace: NAMESPACE, type, version: '1.0.0', os: 'linux', arch: 'amd64' });
  const edges = [form.head, head, tail, form.tail];
  const length = edges.reduce((sum, edge) => sum + edge.length, CONTENT_MIB * MIB);
  const call = httpRequest(`${servers.url}/api/v1/providers`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
      'content-length': length,
    },
  });
  const answered = new Promise<{ status: number; body: string }>((done, fail) => {
    call.on('error', fail);
    call.on('response', async (response) => {
      const body = Buffer.concat(await response.toArray()).toString();
      done({ status: response.statusCode ?? 0, body });
    });
  });
  const body = function* () {
    yield form.head;
    yield head;
    for (let sent = 0; sent < CONTENT_MIB; sent += 1) yield chunk;
    yield tail;
    yield form.tail;
  };
  await pipeline(Readable.from(body(), { objectMode: false, highWaterMark: MIB }), call);
  const { status, body: text } = await answered;
  if (status !== 201) throw new Error(`Publishing the large provider answered ${status}: ${text}`);
}

/** Everything of a zip with one stored entry that stands before and behind its content. */
function storedZip(name: string, chunk: Buffer, times: number): { head: Buffer; tail: Buffer } {
  let crc = 0;
  for (let done = 0; done < times; done += 1) crc = crc32(chunk, crc);
  const size = chunk.length * times;
  // The same file with empty content gives both headers; only the numbers are put in afterwards.
  const empty = buildZip([{ name, content: '', method: 0, mode: 0o100755 }]);
  const central = empty.indexOf(Buffer.from('PK\x01\x02', 'latin1'));
  const end = empty.indexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const head = Buffer.from(empty.subarray(0, central));
  const tail = Buffer.from(empty.subarray(central));
  for (const [part, at] of [
    [head, 14],
    [tail, 16],
  ] as const) {
    part.writeUInt32LE(crc, at);
    part.writeUInt32LE(size, at + 4);
    part.writeUInt32LE(size, at + 8);
  }
  tail.writeUInt32LE(head.length + size, end - central + 16);
  return { head, tail };
}

function multipart(fields: Record<string, string>): { head: Buffer; tail: Buffer } {
  const texts = Object.entries(fields).map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const file =
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="provider.zip"\r\n` +
    'Content-Type: application/zip\r\n\r\n';
  return { head: Buffer.from(texts.join('') + file), tail: Buffer.from(`\r\n--${BOUNDARY}--\r\n`) };
}
