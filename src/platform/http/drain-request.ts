import type { IncomingMessage } from 'node:http';

const DRAIN_MS = 10_000;

/**
 * Reads and drops what is left of a body that was refused, so that the client can finish sending and read the
 * answer; a client that goes on for longer than ten seconds is cut off.
 */
export function drainRequest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  request.unpipe();
  request.resume();
  const timer = setTimeout(() => request.destroy(), DRAIN_MS);
  timer.unref();
  request.once('close', () => clearTimeout(timer));
}
