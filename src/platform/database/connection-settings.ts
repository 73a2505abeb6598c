import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { DatabaseConfig, type DatabaseSslMode } from '../../config/database.config.js';

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const CONNECT_TIMEOUT_MS = 10_000;
const SSL_MODES: readonly string[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** Everything a PostgreSQL client needs in order to connect. */
export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  readonly ssl: false | ConnectionOptions;
  readonly connectionTimeoutMillis: number;
  readonly keepAlive: boolean;
}

/** Reads the address out of the settings; `database.url` overrides the single keys. `prefer` counts as `require`. */
export function connectionSettings(config: DatabaseConfig): ConnectionSettings {
  const address = addressOf(config);
  return {
    host: address.host,
    port: address.port,
    database: address.name,
    user: address.user,
    password: address.password,
    ssl: sslOptions(address, config.sslRootCert),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  };
}

/** Asks the server whether it speaks TLS when the mode is `prefer`, and answers settings that say so. */
export async function negotiatedConfig(config: DatabaseConfig): Promise<DatabaseConfig> {
  const address = addressOf(config);
  if (address.sslMode !== 'prefer' || isSocketDirectory(address.host)) return config;
  const sslMode: DatabaseSslMode = (await serverSpeaksTls(address.host, address.port))
    ? 'require'
    : 'disable';
  return Object.assign(new DatabaseConfig(), config, address, { url: undefined, sslMode });
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly password?: string;
  readonly sslMode: DatabaseSslMode;
}

function addressOf(config: DatabaseConfig): Address {
  const { host, port, name, user, password, sslMode } = config;
  if (!config.url || !/^postgres(ql)?:/.test(config.url))
    return { host, port, name, user, password, sslMode };
  const url = new URL(config.url);
  const mode = url.searchParams.get('sslmode') ?? '';
  const text = (part: string): string | undefined => (part === '' ? undefined : decodeURIComponent(part));
  return {
    host: url.searchParams.get('host') ?? text(url.hostname.replace(/^\[|\]$/g, '')) ?? host,
    port: Number(url.port || (url.searchParams.get('port') ?? 5432)),
    name: text(url.pathname.slice(1)) ?? name,
    user: url.searchParams.get('user') ?? text(url.username) ?? user,
    password: url.searchParams.get('password') ?? text(url.password) ?? password,
    sslMode: SSL_MODES.includes(mode) ? (mode as DatabaseSslMode) : sslMode,
  };
}

function sslOptions(address: Address, rootCert: string | undefined): false | ConnectionOptions {
  if (address.sslMode === 'disable' || isSocketDirectory(address.host)) return false;
  if (address.sslMode === 'prefer' || address.sslMode === 'require') return { rejectUnauthorized: false };
  const ca = rootCert ? readFileSync(rootCert, 'utf8') : undefined;
  if (address.sslMode === 'verify-full') return { rejectUnauthorized: true, ca };
  return { rejectUnauthorized: true, ca, checkServerIdentity: () => undefined };
}

function isSocketDirectory(host: string): boolean {
  return host.startsWith('/');
}

/** One byte answers an SSLRequest: S or N (PostgreSQL protocol, 54.2.11). A server that is down counts as no. */
function serverSpeaksTls(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS }, () => socket.write(SSL_REQUEST));
    const answer = (speaks: boolean): void => {
      socket.destroy();
      resolve(speaks);
    };
    socket.once('data', (data) => answer(data.toString('latin1', 0, 1) === 'S'));
    socket.once('error', () => answer(false));
    socket.once('timeout', () => answer(false));
    socket.once('close', () => answer(false));
  });
}
