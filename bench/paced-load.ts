import { Agent, get } from 'node:http';

/** What readers who come at a fixed rate had to wait, in milliseconds from the time at which each was due. */
export interface PacedResult {
  readonly answers: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Asks for one path after the other at a fixed rate, whether or not earlier answers are there, until `until` settles.
 * An answer that is not 2xx makes the run void.
 */
export async function pacedLoad(
  plan: {
    readonly url: string;
    readonly paths: readonly string[];
    readonly perSecond: number;
    readonly headers: Record<string, string>;
  },
  until: Promise<unknown>,
): Promise<PacedResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const waits: number[] = [];
  const open = new Set<Promise<void>>();
  let isOver = false;
  let failure: Error | undefined;
  void until.catch(() => undefined).finally(() => (isOver = true));
  const startedMs = performance.now();
  for (let sent = 0; !isOver && !failure; sent += 1) {
    const dueMs = startedMs + (sent * 1_000) / plan.perSecond;
    const pause = dueMs - performance.now();
    if (pause > 0) await new Promise((done) => setTimeout(done, pause));
    const path = plan.paths[sent % plan.paths.length]!;
    const one = fetchWhole(`${plan.url}${path}`, plan.headers, agent)
      .then(() => void waits.push(performance.now() - dueMs))
      .catch((error: unknown) => void (failure ??= error as Error))
      .finally(() => open.delete(one));
    open.add(one);
  }
  await Promise.all(open);
  agent.destroy();
  if (failure) throw failure;
  const sorted = Float64Array.from(waits).sort();
  const quantile = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return { answers: sorted.length, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

function fetchWhole(url: string, headers: Record<string, string>, agent: Agent): Promise<void> {
  return new Promise((done, fail) => {
    get(url, { agent, headers }, (response) => {
      const status = response.statusCode ?? 0;
      response.resume();
      response.on('error', fail);
      response.on('end', () => {
        if (status >= 200 && status < 300) done();
        else fail(new Error(`${new URL(url).pathname} answered ${status}`));
      });
    }).on('error', fail);
  });
}
