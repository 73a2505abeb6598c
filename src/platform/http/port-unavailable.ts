import { DomainError } from '../../kernel/errors.js';

/** The server cannot listen where it is told to; the sentence names the setting to change. */
export class PortUnavailable extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'port_unavailable';

  /** What is said for an error of `listen`; other errors come back as they are. */
  static explain(error: unknown, address: { host: string; port: number; setting: string }): unknown {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === undefined ? undefined : REASONS[code];
    if (reason === undefined) return error;
    const { host, port, setting } = address;
    return new PortUnavailable(
      `Port ${port} on ${host} ${reason}. Choose another one with ${setting}.`,
      {},
      { cause: error },
    );
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is used by another program',
  EACCES: 'may not be opened by this user',
  EADDRNOTAVAIL: 'is not an address of this machine',
};
