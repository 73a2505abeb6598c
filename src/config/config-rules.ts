import { accessSync, constants } from 'node:fs';
import type { ConfiguredValues } from './configured-values.js';
import { checkNotifications } from './notification-rules.js';
import { NOT_READABLE, readValue } from './setting-values.js';
import { checkSignIn } from './sign-in-rules.js';
import { weakness } from './secret-strength.js';
import { checkStorage } from './storage-rules.js';

/** Checks what class-validator cannot see: rules between settings, files, and the strength of secrets. */
export function checkRules(values: ConfiguredValues): void {
  checkAddresses(values);
  checkDatabase(values);
  checkStorage(values);
  checkTls(values);
  checkEgress(values);
  checkSignIn(values);
  checkNotifications(values);
  checkReplicas(values);
  checkBundleSigners(values);
  checkStrength(values);
  reportTightLimits(values);
  reportBrowserTokens(values);
}

function checkAddresses(values: ConfiguredValues): void {
  const { secrets, server } = values.app;
  if (!secrets.devMode || values.isFaulty('server.public_url', 'server.base_url', 'DEV_MODE')) return;
  const { protocol, hostname } = new URL(server.publicUrl);
  if (protocol === 'https:' && !isLocalHost(hostname)) {
    values.refuse(
      'DEV_MODE',
      `expected no development mode for a registry that is reached under ${server.publicUrl}; set DEV_MODE=false`,
    );
  }
}

function isLocalHost(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}

function checkDatabase(values: ConfiguredValues): void {
  const { database } = values.app;
  const { url } = database;
  if (url !== undefined && !(/^postgres(ql)?:\/\//.test(url) && URL.canParse(url))) {
    values.refuse('database.url', 'expected postgres://user:password@host:port/name or embedded:<directory>');
  }
  const [most, least] = ['database.max_connections', 'database.min_idle_connections'] as const;
  if (!values.isFaulty(most, least) && database.minIdleConnections > database.maxConnections) {
    values.refuse(least, `expected at most ${most}, which is ${database.maxConnections}`);
  }
  checkFile(values, 'database.ssl_root_cert', database.sslRootCert);
}

function checkBundleSigners(values: ConfiguredValues): void {
  const name = 'mirror.bundle_signers';
  if (values.isFaulty(name)) return;
  const wrong = values.app.mirror.bundleSigners.find(
    (one) => !/^[0-9A-Fa-f]{40}$/.test(one.replaceAll(/[\s:]/g, '')),
  );
  if (wrong !== undefined) {
    values.refuse(name, `expected fingerprints of 40 hex digits, found "${wrong}"`);
  }
}

function checkTls(values: ConfiguredValues): void {
  const { tls } = values.app.security;
  if (!tls.enabled) return;
  checkFile(values, 'security.tls.cert_file', tls.certFile, 'security.tls.enabled');
  checkFile(values, 'security.tls.key_file', tls.keyFile, 'security.tls.enabled');
}

function checkEgress(values: ConfiguredValues): void {
  const { allowlist, caFile, standardProxyUrl } = values.app.egress;
  const networks = allowlist.filter((entry) => entry.includes('/'));
  const name = 'security.egress.allowlist';
  if (!values.isFaulty(name) && readValue('cidr-list', networks, values.cwd) === NOT_READABLE) {
    values.refuseForm(name, 'expected networks such as 10.0.0.0/8 where there is a slash');
  }
  checkFile(values, 'security.egress.ca_file', caFile);
  if (standardProxyUrl !== undefined && !/^https?:\/\//.test(standardProxyUrl)) {
    values.refuse('HTTPS_PROXY', 'expected the http or https address of a proxy');
  }
}

function checkFile(
  values: ConfiguredValues,
  name: string,
  path: string | undefined,
  requiredBy?: string,
): void {
  if (values.isFaulty(name)) return;
  if (path === undefined) {
    if (requiredBy !== undefined)
      values.refuse(name, `expected the path of a PEM file, because ${requiredBy} is true`);
    return;
  }
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    values.refuse(name, `expected a file that can be read, but ${path} cannot (${code})`);
  }
}

function checkReplicas(values: ConfiguredValues): void {
  const { worker, database, storage, limits } = values.app;
  if (values.isFaulty('worker.replicas', 'worker.mode')) return;
  const isSplit = worker.mode !== 'all';
  if (worker.replicas === 1 && !isSplit) return;
  const because =
    worker.replicas > 1 ? `worker.replicas is ${worker.replicas}` : `worker.mode is ${worker.mode}`;
  if (database.embeddedDirectory !== null) {
    values.refuse(
      'database.url',
      `expected a PostgreSQL server, because ${because} and the bundled one serves one process`,
    );
  }
  const isLocal = storage.defaultBackend === 'local';
  if (isLocal && !storage.localShared && !values.isFaulty('storage.local.shared')) {
    values.refuse(
      'storage.local.shared',
      `expected true to confirm that all processes see the same ${storage.localBasePath}, because ${because}`,
    );
  }
  const { enabled, store } = limits.rateLimiting;
  if (worker.replicas > 1 && enabled && store === 'memory') {
    values.refuse(
      'security.rate_limiting.store',
      `expected database, because ${because} and memory counts for one process`,
    );
  }
}

function checkStrength(values: ConfiguredValues): void {
  const { secrets, storage } = values.app;
  const checked: [string, string | Buffer | undefined][] = [
    ['ENCRYPTION_KEY', secrets.encryptionKey],
    ['TFR_JWT_SECRET', secrets.jwtSecret],
    ['storage.signing_secret', storage.signingSecret],
  ];
  for (const [name, secret] of checked) {
    const reason = secret === undefined || values.isFaulty(name) ? undefined : weakness(secret);
    if (reason === undefined) continue;
    values.refuse(
      name,
      `is too weak: ${reason}; expected at least 32 random characters, e.g. of openssl rand -hex 32`,
    );
  }
}

function reportTightLimits({ app, warnings }: ConfiguredValues): void {
  const { enabled, requestsPerMinute, burst } = app.limits.rateLimiting;
  if (enabled && requestsPerMinute < 60 && burst < 20) {
    warnings.push(
      'security.rate_limiting.requests_per_minute is below 60 with a burst below 20: web pages load lists in parallel and will be refused.',
    );
  }
}

function reportBrowserTokens({ app, warnings }: ConfiguredValues): void {
  if (app.session.browserToken !== 'jwt') return;
  warnings.push(
    'auth.session.browser_token is jwt: a usable credential travels in the address after sign-in. It is only for a web client on another origin that cannot send cookies; use handle otherwise.',
  );
}
