import { type Socket, connect } from 'node:net';

/** What a load run does: every connection sends the next request when the answer to the last one is complete. */
export interface LoadPlan {
  readonly port: number;
  readonly connections: number;
  /** The next request as bytes; `undefined`: this connection is done. */
  readonly next: () => Buffer | undefined;
}

export interface LoadResult {
  /** Complete answers, all of them 2xx. */
  readonly answers: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = Buffer.from('content-length: ');

/** A request of a CLI as bytes. */
export function requestBytes(path: string, headers: Record<string, string> = {}): Buffer {
  const lines = Object.entries({ Host: '127.0.0.1', 'User-Agent': 'bench', ...headers });
  return Buffer.from(
    `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );
}

/** Sends the same request for some time. */
export function loadFor(
  plan: Omit<LoadPlan, 'next'> & { request: Buffer; durationMs: number },
): Promise<LoadResult> {
  const end = performance.now() + plan.durationMs;
  return load({ ...plan, next: () => (performance.now() < end ? plan.request : undefined) });
}

/** Runs a plan to its end; an answer that is not 2xx, or a connection that breaks, makes the whole run void. */
export async function load(plan: LoadPlan): Promise<LoadResult> {
  const startedMs = performance.now();
  const latencies: number[] = [];
  const wake = stayAwake();
  try {
    await Promise.all(Array.from({ length: plan.connections }, () => converse(plan, latencies)));
  } finally {
    wake.stop();
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  const sorted = Float64Array.from(latencies).sort();
  const quantile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { answers: latencies.length, seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

/**
 * Keeps the event loop from sleeping. Otherwise a server would pay for waking this process with every answer, or
 * not, depending on which of the two happens to be faster.
 */
function stayAwake(): { stop: () => void } {
  let isAwake = true;
  const turn = (): void => {
    if (isAwake) setImmediate(turn);
  };
  turn();
  return { stop: () => (isAwake = false) };
}

function converse({ port, next }: LoadPlan, latencies: number[]): Promise<void> {
  return new Promise((done, fail) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let sentMs = 0;
    let head: Buffer | undefined;
    let bodyLeft = 0;
    let isOver = false;
    const send = (): void => {
      const request = next();
      if (request === undefined) {
        isOver = true;
        socket.end();
        return done();
      }
      sentMs = performance.now();
      socket.write(request);
    };
    const take = (chunk: Buffer): void => {
      if (bodyLeft > 0) {
        bodyLeft -= chunk.length;
      } else {
        head = head ? Buffer.concat([head, chunk]) : chunk;
        const end = head.indexOf(HEAD_END);
        if (end < 0) return;
        if (head[9] !== 0x32) throw new Error(`The answer was ${head.toString('latin1', 0, end)}`);
        bodyLeft = bodyLength(head, end) - (head.length - end - HEAD_END.length);
        head = undefined;
      }
      if (bodyLeft < 0) throw new Error('More bytes came than the answer has');
      if (bodyLeft > 0) return;
      latencies.push(performance.now() - sentMs);
      send();
    };
    socket.on('connect', send);
    socket.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        socket.destroy();
        fail(error as Error);
      }
    });
    socket.on('error', fail);
    socket.on('close', () => isOver || fail(new Error('The server closed a connection')));
  });
}

function bodyLength(head: Buffer, end: number): number {
  const at = head.indexOf(LENGTH);
  if (at < 0 || at > end) return 0;
  return Number.parseInt(head.toString('latin1', at + LENGTH.length, at + LENGTH.length + 12), 10);
}
