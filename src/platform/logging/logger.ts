import { Injectable, type LoggerService } from '@nestjs/common';
import pino from 'pino';
import { LoggingConfig } from '../../config/logging.config.js';
import { LOG_LEVELS, type LogLevel, type LogRecord, logRecord } from './log-record.js';

/** Contexts in which Nest tells how it wires the application, a hundred lines at every start. */
const WIRING = new Set([
  'InstanceLoader',
  'RouterExplorer',
  'RoutesResolver',
  'NestFactory',
  'NestApplication',
]);

/** Where lines go. */
export interface LogDestination {
  write(line: string): void;
  /** Writes what is still in memory, before the process ends. */
  flushSync?(): void;
  /** Opens the file again, after it was moved away. */
  reopen?(): void;
}

/**
 * The log of the process: one line per event, JSON or text, to stdout, stderr or a file. Also the logger behind
 * Nest's `Logger`, which is how everybody else writes. Only known fields are written (`LOG_FIELDS`), never
 * headers or query strings, and secrets are taken out of texts.
 */
@Injectable()
export class AppLogger implements LoggerService {
  private readonly destination: LogDestination;
  private readonly threshold: number;
  private readonly writeRecord: (record: LogRecord) => void;

  constructor(config: LoggingConfig, destination?: LogDestination) {
    this.destination = destination ?? openDestination(config.output);
    this.threshold = LOG_LEVELS.indexOf(config.level);
    this.writeRecord = config.format === 'json' ? jsonWriter(this.destination) : textWriter(this.destination);
  }

  log(message: unknown, ...rest: unknown[]): void {
    const context = lastText(rest);
    this.write(context !== undefined && WIRING.has(context) ? 'debug' : 'info', message, context);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, lastText(rest));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, lastText(rest));
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, lastText(rest));
  }

  /** As Nest calls it: message, then perhaps a stack or an error, then perhaps the context. */
  error(message: unknown, ...rest: unknown[]): void {
    const cause = rest.find((value) => value instanceof Error);
    const stack = rest.length > 1 && typeof rest[0] === 'string' ? rest[0] : undefined;
    const withCause = cause && typeof message === 'string' ? { message, err: cause } : message;
    this.write('error', withCause, lastText(rest), stack);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, lastText(rest));
  }

  /** Writes what is in memory. Call it before the process exits. */
  flush(): void {
    try {
      this.destination.flushSync?.();
    } catch {
      // A destination that was never opened has nothing to write.
    }
  }

  /** Opens the log file again (SIGHUP after log rotation). */
  reopen(): void {
    this.destination.reopen?.();
  }

  private write(level: LogLevel, message: unknown, context?: string, stack?: string): void {
    if (LOG_LEVELS.indexOf(level) < this.threshold) return;
    this.writeRecord(logRecord(level, message, context, stack));
  }
}

function lastText(values: unknown[]): string | undefined {
  const last = values.at(-1);
  return typeof last === 'string' ? last : undefined;
}

function openDestination(output: string): LogDestination {
  if (output === 'stdout' || output === 'stderr') {
    const stream = pino.destination({ dest: output === 'stdout' ? 1 : 2, sync: false });
    return { write: (line) => void stream.write(line), flushSync: () => stream.flushSync() };
  }
  const file = pino.destination({ dest: output, sync: false, mkdir: true, append: true });
  // A log that cannot be written must not end the process.
  file.on('error', (error: Error) =>
    process.stderr.write(`The log file cannot be written: ${error.message}\n`),
  );
  return file;
}

function jsonWriter(destination: LogDestination): (record: LogRecord) => void {
  const logger = pino(
    {
      base: undefined,
      level: 'debug',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => error },
    },
    destination,
  );
  return ({ level, msg, context, fields, err }) => {
    logger[level]({ ...(context !== undefined && { context }), ...fields, ...(err && { err }) }, msg);
  };
}

function textWriter(destination: LogDestination): (record: LogRecord) => void {
  return ({ level, msg, context, fields, err }) => {
    const parts = [new Date().toISOString(), level.toUpperCase().padEnd(5)];
    if (context !== undefined) parts.push(`[${oneLine(context)}]`);
    parts.push(oneLine(msg));
    for (const [name, value] of Object.entries(fields)) parts.push(`${name}=${oneLine(String(value))}`);
    if (err) parts.push(`error=${oneLine(err.stack ?? `${err.type}: ${err.message}`)}`);
    destination.write(`${parts.join(' ')}\n`);
  };
}

/** Control characters, line ends among them, as `\uXXXX`, so that one event stays one line. */
function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is replaced
  return text.replace(/[\u0000-\u001f\u007f\u2028\u2029]/g, (character) => {
    if (character === '\n') return '\\n';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
