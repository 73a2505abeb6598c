import { Agent, get } from 'node:http';

/** What readers who come at a fixed rate had to wait, in milliseconds from the time at which each was due. */
export interface PacedResult {
  readonly answers: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The p99 of each 20 seconds: what a shared machine does to all of them for a moment shows as single high ones. */
  readonly windowsP99Ms: readonly number[];
}

const WINDOW_MS = 20_000;

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
  const windows: number[][] = [];
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
      .then(() => {
        const window = Math.floor((dueMs - startedMs) / WINDOW_MS);
        (windows[window] ??= []).push(performance.now() - dueMs);
      })
      .catch((error: unknown) => void (failure ??= error as Error))
      .finally(() => open.delete(one));
    open.add(one);
  }
  await Promise.all(open);
  agent.destroy();
  if (failure) throw failure;
  const waits = windows.flat();
  const full = windows.filter((window) => window.length > (plan.perSecond * WINDOW_MS) / 2_000);
  return {
    answers: waits.length,
    p50Ms: quantile(waits, 0.5),
    p99Ms: quantile(waits, 0.99),
    windowsP99Ms: full.map((window) => quantile(window, 0.99)),
  };
}

/** The value below which this share of the values is; 0 for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
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
