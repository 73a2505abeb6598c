import { hkdfSync, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { ConfiguredValues } from './configured-values.js';
import { deriveSignIn } from './sign-in-rules.js';
import { deriveStorage } from './storage-rules.js';

const DATABASE_ADDRESS = [
  'database.url',
  'database.host',
  'database.name',
  'database.user',
  'database.password',
];
const EMBEDDED = 'embedded:';

/** Fills the values whose default depends on other settings. */
export function deriveValues(values: ConfiguredValues): void {
  deriveServer(values);
  deriveDatabase(values);
  deriveStorage(values);
  deriveSignIn(values);
  const { app } = values;
  if (!values.isSet('auth.anonymous_read')) {
    values.assign(app.auth, { anonymousRead: !app.auth.multiTenancyEnabled });
  }
  if (!values.isSet('auth.token_exchange.audience')) {
    values.assign(app.tokenExchange, { audience: app.server.publicUrl });
  }
  if (!values.isSet('worker.replica_id')) values.assign(app.worker, { replicaId: newReplicaId() });
  const { rateLimiting } = app.limits;
  if (!values.isSet('security.rate_limiting.store') && app.worker.replicas > 1) {
    values.assign(rateLimiting, { store: 'database' });
  }
  if (!values.isSet('security.rate_limiting.protocol.burst')) {
    values.assign(rateLimiting, { protocolBurst: rateLimiting.protocolRequestsPerMinute });
  }
  const { output } = app.logging;
  if (output !== 'stdout' && output !== 'stderr') {
    values.assign(app.logging, { output: resolve(values.cwd, output) });
  }
}

function newReplicaId(): string {
  const host = hostname()
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 80);
  return `${host}-${randomBytes(3).toString('hex')}`;
}

function deriveServer(values: ConfiguredValues): void {
  const { server, secrets, security, telemetry } = values.app;
  if (!values.isSet('server.host') && secrets.devMode) values.assign(server, { host: '127.0.0.1' });
  if (!values.isSet('server.base_url')) {
    const scheme = security.tls.enabled ? 'https' : 'http';
    values.assign(server, { baseUrl: `${scheme}://localhost:${server.port}` });
  }
  if (!values.isSet('server.public_url')) values.assign(server, { publicUrl: server.baseUrl });
  if (!values.isSet('telemetry.metrics.host')) values.assign(telemetry, { metricsHost: server.host });
}

function deriveDatabase(values: ConfiguredValues): void {
  const { database } = values.app;
  const { url } = database;
  if (
    !values.isSet('database.min_idle_connections') &&
    database.minIdleConnections > database.maxConnections
  ) {
    values.assign(database, { minIdleConnections: database.maxConnections });
  }
  if (url?.startsWith(EMBEDDED) === true) {
    const directory = url.slice(EMBEDDED.length);
    if (directory === '') return;
    values.assign(database, { url: undefined, embeddedDirectory: resolve(values.cwd, directory) });
  } else if (!values.isSet(...DATABASE_ADDRESS) && !values.isFaulty(...DATABASE_ADDRESS)) {
    values.assign(database, { embeddedDirectory: resolve(values.cwd, 'data/db') });
  }
}

/** Fills what follows from the secrets: the keys of file URLs, unless they are set. */
export function deriveSigningSecrets(values: ConfiguredValues): void {
  const { storage, secrets } = values.app;
  const previous = [...storage.previousSigningSecrets, ...secrets.previousJwtSecrets.map(signingSecretFrom)];
  values.assign(storage, {
    signingSecret: storage.signingSecret ?? signingSecretFrom(secrets.jwtSecret),
    previousSigningSecrets: previous,
  });
}

function signingSecretFrom(jwtSecret: string): string {
  return Buffer.from(hkdfSync('sha256', jwtSecret, '', 'terraform-registry file links', 32)).toString('hex');
}

/** Where generated secrets are kept: beside the directory of the bundled database. */
export function secretsFileOf(values: ConfiguredValues): string {
  const directory = values.app.database.embeddedDirectory ?? resolve(values.cwd, 'data/db');
  return join(dirname(directory), 'secrets.json');
}
