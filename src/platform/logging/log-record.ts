import { scrub } from './scrub.js';

/** Severity, lowest first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a line may carry besides time, level, context and message. Everything else is left out. */
export const LOG_FIELDS = [
  'request_id',
  'method',
  'route',
  'status',
  'duration_ms',
  'client_ip',
  'cached',
  'signal',
  'job',
  'attempt',
  'count',
  'bytes',
  'key',
  'doomed',
  'adopted',
  'removed',
  'finished',
  'temp_files',
  'mirror',
  'provider',
  'alert',
] as const;

type FieldValue = string | number | boolean;

/** One log line before it is written. */
export interface LogRecord {
  readonly level: LogLevel;
  readonly msg: string;
  readonly context?: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly err?: { type: string; message: string; stack?: string; code?: string };
}

/** Builds a record from what a caller logs: a text, an error, or an object with `message`, `err` and known fields. */
export function logRecord(level: LogLevel, message: unknown, context?: string, stack?: string): LogRecord {
  const base = { level, ...(context !== undefined && { context: scrub(context) }) };
  if (message instanceof Error) {
    return { ...base, msg: scrub(message.message), fields: {}, err: describeError(message) };
  }
  if (typeof message === 'object' && message !== null) {
    const { message: text, msg, err } = message as Record<string, unknown>;
    return {
      ...base,
      msg: scrub(asText(text ?? msg ?? '')),
      fields: knownFields(message as Record<string, unknown>),
      ...(err !== undefined && { err: describeError(err) }),
    };
  }
  const msg = scrub(asText(message));
  return {
    ...base,
    msg,
    fields: {},
    ...(stack !== undefined && { err: { type: 'Error', message: msg, stack: scrub(stack) } }),
  };
}

function knownFields(source: Record<string, unknown>): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = {};
  for (const name of LOG_FIELDS) {
    const value = source[name];
    if (typeof value === 'string') fields[name] = scrub(value);
    else if (typeof value === 'number' || typeof value === 'boolean') fields[name] = value;
  }
  return fields;
}

function describeError(error: unknown): NonNullable<LogRecord['err']> {
  if (!(error instanceof Error)) return { type: typeof error, message: scrub(asText(error)) };
  const { code } = error as { code?: unknown };
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack ?? error.cause.message}` : '';
  return {
    type: error.name,
    message: scrub(error.message),
    ...(error.stack !== undefined && { stack: scrub(error.stack + cause) }),
    ...(typeof code === 'string' && { code }),
  };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : String(value);
}
