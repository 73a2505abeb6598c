import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Readiness } from '../health/readiness.js';
import type { AppLogger } from '../logging/logger.js';
import type { ServerState } from './server-factory.js';

const IDLE_CHECK_MS = 50;

/**
 * Ends an HTTP server without breaking what is under way: not ready from now on, no new connections, answers end
 * their connection; what is not done after `timeoutMs` is cut off. Returns whether everything was done in time.
 */
export async function drainServer(
  server: Server,
  state: ServerState,
  readiness: Readiness,
  timeoutMs: number,
): Promise<boolean> {
  readiness.shutDown();
  state.isDraining = true;
  if (!server.listening) return true;
  let isClosed = false;
  const closed = new Promise<void>((resolve) => server.close(() => resolve())).then(() => {
    isClosed = true;
  });
  const deadline = performance.now() + timeoutMs;
  while (!isClosed && performance.now() < deadline) {
    server.closeIdleConnections();
    await Promise.race([closed, sleep(IDLE_CHECK_MS)]);
  }
  const inTime = isClosed;
  server.closeAllConnections();
  await closed;
  return inTime;
}

/** Ends a running server; the second call returns the promise of the first. */
export interface Stoppable {
  stop(): Promise<void>;
}

/**
 * Ends the process in order on SIGTERM and SIGINT (exit status 0), at once on the second signal (status 1);
 * reopens the log file on SIGHUP. Errors that nobody caught are logged, then the process ends with status 1.
 * Returns a function that takes the handlers away again.
 */
export function handleProcessSignals(server: Stoppable, logger: AppLogger): () => void {
  const nest = new Logger('Process');
  let isStopping = false;
  const exit = (status: number): never => {
    logger.flush();
    process.exit(status);
  };
  const onStop = (signal: NodeJS.Signals): void => {
    if (isStopping) {
      nest.warn({ message: 'Second signal: ending at once', signal });
      exit(1);
    }
    isStopping = true;
    nest.log({ message: 'Stopping', signal });
    server.stop().then(
      () => exit(0),
      (error: unknown) => {
        nest.error({ message: 'Stopping failed', err: error });
        exit(1);
      },
    );
  };
  const onLost = (error: unknown): void => {
    nest.fatal({ message: 'An error that nobody handled', err: error });
    exit(1);
  };
  const onReopen = (): void => logger.reopen();
  const handlers: readonly (readonly [string, (value: never) => void])[] = [
    ['SIGTERM', onStop],
    ['SIGINT', onStop],
    ['SIGHUP', onReopen],
    ['uncaughtException', onLost],
    ['unhandledRejection', onLost],
  ];
  for (const [name, handler] of handlers) process.on(name, handler as (value: unknown) => void);
  return () => {
    for (const [name, handler] of handlers) process.off(name, handler as (value: unknown) => void);
  };
}
