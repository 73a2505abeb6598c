import { QueryFailedError } from 'typeorm';
import { DatabaseUnavailable } from './database.errors.js';

interface DriverError {
  code?: string;
  constraint?: string;
  message?: string;
}

const UNIQUE_VIOLATION = '23505';

/** Classes and codes after which the same request may succeed: connection, resources, shutdown, timeouts, deadlock. */
const TRANSIENT = /^(08...|53...|57P0[1-4]|57014|25P03|40001|40P01|55P03)$/;
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
const LOST =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/;

/** Whether a statement failed because a row of that key exists; `constraint` narrows it to one constraint or index. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const { code, constraint: broken } = driverError(error);
  return code === UNIQUE_VIOLATION && (constraint === undefined || broken === constraint);
}

/**
 * DatabaseUnavailable for a lock or statement timeout, a deadlock, or a lost connection; every other error comes
 * back as it is.
 */
export function mapDatabaseError(error: unknown): unknown {
  return isTransient(error) ? new DatabaseUnavailable(undefined, { cause: error }) : error;
}

/** Whether the database, not the request, was the reason of a failure that may pass. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof DatabaseUnavailable) return false;
  const { code = '', message = '' } = driverError(error);
  if (TRANSIENT.test(code) || LOST.test(message)) return true;
  return NETWORK.has(code) && 'syscall' in (errorOf(error) as object) && isConnect(errorOf(error));
}

function isConnect(error: unknown): boolean {
  return ['connect', 'read', 'write', 'getaddrinfo'].includes((error as { syscall: string }).syscall);
}

function driverError(error: unknown): DriverError {
  const inner = errorOf(error);
  return typeof inner === 'object' && inner !== null ? (inner as DriverError) : {};
}

function errorOf(error: unknown): unknown {
  return error instanceof QueryFailedError ? error.driverError : error;
}
