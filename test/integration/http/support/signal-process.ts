import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { LoggingConfig } from '../../../../src/config/logging.config.js';
import { handleProcessSignals } from '../../../../src/platform/http/graceful-shutdown.js';
import { AppLogger } from '../../../../src/platform/logging/logger.js';

/** `signal-process.ts <how stopping goes> [<what is lost>]`: waits for signals like a server. */
const [, , stopping, lost] = process.argv;
const logger = new AppLogger(new LoggingConfig());
Logger.overrideLogger(logger);
const busy = setInterval(() => undefined, 1_000);
handleProcessSignals(
  {
    async stop() {
      if (stopping === 'hangs') await new Promise(() => undefined);
      if (stopping === 'fails') throw new Error('It does not stop');
      clearInterval(busy);
    },
  },
  logger,
);
if (lost === 'rejection') void Promise.reject(new Error('nobody waits for this'));
if (lost === 'exception')
  setImmediate(() => {
    throw new Error('nobody catches this');
  });
logger.log('waiting');
