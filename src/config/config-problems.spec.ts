import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigProblems } from './config-problems.js';
import { loadConfig } from './load-config.js';

const KEY = 'hex:8f1c0b5e7a934d26e8b1f05a6c7d3924b0e1f2a3958674d5c6e7f80912a3b4c5';
const JWT = 'q7Zt2mXw9Lk4Vb1Nc8Rf5Yh3Jd6Gs0Pa';
const FOREIGN = { TFR_DATABASE_HOST: 'db.internal', ENCRYPTION_KEY: KEY, TFR_JWT_SECRET: JWT };

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'config-problems-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

/** The problems as printed, one a line. */
function problemsOf(env: NodeJS.ProcessEnv, argv: string[] = []): string[] {
  try {
    loadConfig({ env: { ...FOREIGN, ...env }, argv, cwd });
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.slice('  - '.length));
  }
  return [];
}

function write(name: string, text: string): string {
  writeFileSync(join(cwd, name), text);
  return join(cwd, name);
}

describe('a value that does not fit', () => {
  it.each([
    ['TFR_SERVER_PORT', '0', 'server.port: expected an integer from 1 to 65535, found "0"'],
    ['TFR_SERVER_PORT', '65536', 'server.port: expected an integer from 1 to 65535, found "65536"'],
    ['TFR_SERVER_PORT', 'http', 'server.port: expected an integer from 1 to 65535, found "http"'],
    [
      'TFR_SERVER_BASE_URL',
      'r.example.com',
      'server.base_url: expected an absolute http or https address without user, query and fragment, found "r.example.com"',
    ],
    [
      'TFR_STORAGE_URL_TTL',
      '59s',
      'storage.url_ttl: expected a duration such as 30s, 15m, 1h30m or 7d from 1m to 24h, found "59s"',
    ],
    [
      'TFR_STORAGE_URL_TTL',
      '24h1s',
      'storage.url_ttl: expected a duration such as 30s, 15m, 1h30m or 7d from 1m to 24h, found "24h1s"',
    ],
    [
      'TFR_STORAGE_SWEEP_GRACE',
      '59m',
      'storage.sweep_grace: expected a duration such as 30s, 15m, 1h30m or 7d of at least 1h, found "59m"',
    ],
    [
      'TFR_STORAGE_DEFAULT_BACKEND',
      'ftp',
      'storage.default_backend: expected one of local, azure, s3, gcs, found "ftp"',
    ],
    [
      'TFR_DATABASE_SSL_MODE',
      'on',
      'database.ssl_mode: expected one of disable, prefer, require, verify-ca, verify-full, found "on"',
    ],
    ['TFR_DATABASE_AUTO_MIGRATE', 'yes', 'database.auto_migrate: expected true, false, 1 or 0, found "yes"'],
    [
      'TFR_UPLOADS_MODULE_MAX_SIZE',
      'big',
      'uploads.module.max_size: expected a size in bytes, or with a unit such as 100MiB or 500MB from 1KiB to 1024GiB, found "big"',
    ],
    [
      'TFR_SERVER_TRUSTED_PROXIES',
      'proxy',
      'server.trusted_proxies: expected a list of IP addresses or networks such as 10.0.0.0/8, found "proxy"',
    ],
    [
      'TFR_AUTH_API_KEYS_PREFIX',
      'TFR',
      'auth.api_keys.prefix: expected 2 to 8 lower case letters or digits and an underscore, and not tfrs_, found "TFR"',
    ],
    [
      'TFR_AUTH_API_KEYS_PREFIX',
      'tfrs_',
      'auth.api_keys.prefix: expected 2 to 8 lower case letters or digits and an underscore, and not tfrs_, found "tfrs_"',
    ],
    [
      'TFR_SECURITY_CORS_ALLOWED_ORIGINS',
      'a/b',
      'security.cors.allowed_origins: expected a list of * or origins such as https://app.example.com, found "a/b"',
    ],
    [
      'TFR_API_DOCS_CONTACT_EMAIL',
      'nobody',
      'api_docs.contact_email: expected an e-mail address, found "nobody"',
    ],
    [
      'TFR_REPLICA_ID',
      'a b',
      'worker.replica_id: expected 1 to 100 letters, digits, dots, hyphens or underscores, found "a b"',
    ],
  ])('is named with what was expected: %s=%s', (name, value, problem) => {
    expect(problemsOf({ [name]: value })).toEqual([`${problem} (environment ${name})`]);
  });

  it('is named with file and key', () => {
    const path = write(
      'config.yaml',
      'server: { port: 70000 }\nworker: { mode: [all] }\nlogging: { level: { is: info } }',
    );
    expect(problemsOf({})).toEqual([
      `worker.mode: expected one of all, web, worker, found ["all"] (file ${path}:worker.mode)`,
      `logging.level: expected one of debug, info, warn, error (file ${path}:logging.level)`,
      `server.port: expected an integer from 1 to 65535, found "70000" (file ${path}:server.port)`,
    ]);
  });

  it('is never quoted when it is secret', () => {
    const lines = problemsOf({
      ENCRYPTION_KEY: 'tiny-canary',
      TFR_DATABASE_URL: 'mysql://u:canary@h/d',
      TFR_JWT_SECRET: 'canary',
    });
    expect(lines).toHaveLength(3);
    expect(lines.join()).not.toContain('canary');
  });
});

it('reports all problems at once', () => {
  const many = {
    TFR_SERVER_PORT: 'x',
    TFR_WORKER_MODE: 'none',
    TFR_LOGGING_LEVEL: 'loud',
    ENCRYPTION_KEY: 'short',
  };
  expect(problemsOf(many).map((line) => line.split(':')[0])).toEqual([
    'server.port',
    'ENCRYPTION_KEY',
    'worker.mode',
    'logging.level',
  ]);
  expect(new ConfigProblems([{ name: 'a', source: 'default', message: 'm' }]).message).toBe(
    'The configuration has one problem:\n  - a: m (default)',
  );
});

describe('the configuration file', () => {
  it('must exist and be readable when it is named', () => {
    const path = join(cwd, 'none.yaml');
    expect(problemsOf({ CONFIG_PATH: 'none.yaml' })).toEqual([
      `configuration file: expected a file that can be read (ENOENT) (file ${path}, named by environment CONFIG_PATH)`,
    ]);
    expect(problemsOf({}, ['--config', 'none.yaml'])[0]).toContain(`(file ${path}, named by --config)`);
    expect(problemsOf({}, ['--config'])).toEqual([
      '--config: expected the path of a configuration file (command line)',
    ]);
  });

  it('must be readable when it is found', () => {
    mkdirSync(join(cwd, 'config.yaml'));
    expect(problemsOf({})[0]).toContain('expected a file that can be read (EISDIR)');
  });

  it.each([
    ['server: [', 'expected valid YAML'],
    ['a: 1\na: 2', 'expected valid YAML'],
    ['- a', 'expected a YAML mapping at the top'],
    ['just text', 'expected a YAML mapping at the top'],
  ])('must be a YAML mapping: %j', (text, message) => {
    write('config.yaml', text);
    const lines = problemsOf({ ENCRYPTION_KEY: '', TFR_SERVER_PORT: 'x' });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain(message);
    expect(lines[1]).toContain('server.port');
  });

  it('may only refer to variables that are set', () => {
    const path = write('config.yaml', 'database: { password: "${MISSING}" }');
    expect(problemsOf({})).toEqual([
      `database.password: expected the environment variable MISSING, which is not set (file ${path}:database.password)`,
    ]);
  });
});

describe('a secret', () => {
  it('may not be given as a value and as a file', () => {
    write('pw', 'x');
    expect(problemsOf({ TFR_DATABASE_PASSWORD: 'x', TFR_DATABASE_PASSWORD_FILE: 'pw' })).toEqual([
      'database.password: expected the value or the name of its file, not both (environment TFR_DATABASE_PASSWORD, environment TFR_DATABASE_PASSWORD_FILE)',
    ]);
    const path = write('config.yaml', 'database: { password: x, password_file: pw }');
    expect(problemsOf({})[0]).toContain(
      `(file ${path}:database.password, file ${path}:database.password_file)`,
    );
  });

  it('may not differ between its two names', () => {
    expect(problemsOf({ TFR_ENCRYPTION_KEY: KEY })).toEqual([]);
    expect(problemsOf({ TFR_ENCRYPTION_KEY: 'another-key-of-32-characters-xyz' })).toEqual([
      'ENCRYPTION_KEY: expected the same value under both names, or only one of them (environment ENCRYPTION_KEY, environment TFR_ENCRYPTION_KEY)',
    ]);
  });

  it('needs a file with content', () => {
    write('empty', '\n');
    expect(problemsOf({ TFR_DATABASE_PASSWORD_FILE: 'empty' })).toEqual([
      'database.password: expected a file with a value, but empty is empty (environment TFR_DATABASE_PASSWORD_FILE)',
    ]);
    expect(problemsOf({ TFR_DATABASE_PASSWORD_FILE: 'none' })).toEqual([
      'database.password: expected a file that can be read, but none cannot (ENOENT) (environment TFR_DATABASE_PASSWORD_FILE)',
    ]);
  });

  it('must be strong', () => {
    expect(problemsOf({ TFR_JWT_SECRET: 'x'.repeat(40) })).toEqual([
      'TFR_JWT_SECRET: is too weak: it repeats a short piece; expected at least 32 random characters, e.g. of openssl rand -hex 32 (environment TFR_JWT_SECRET)',
    ]);
    expect(problemsOf({ ENCRYPTION_KEY: 'changeme-changeme-changeme-12345' })[0]).toContain(
      'ENCRYPTION_KEY: is too weak',
    );
    expect(problemsOf({ TFR_STORAGE_SIGNING_SECRET: 'short' })[0]).toContain(
      'storage.signing_secret: is too weak',
    );
  });

  it('is required with a database server of your own', () => {
    expect(problemsOf({ ENCRYPTION_KEY: '', TFR_JWT_SECRET: '' })).toEqual([
      'ENCRYPTION_KEY: expected a value (32 bytes, e.g. base64: and the output of openssl rand -base64 32), because the database is a server of your own (default)',
      'TFR_JWT_SECRET: expected a value (at least 32 random characters), because the database is a server of your own (default)',
    ]);
    expect(existsSync(join(cwd, 'data'))).toBe(false);
  });
});

describe('settings that contradict each other', () => {
  it.each<[string, NodeJS.ProcessEnv, string]>([
    [
      'development mode under a public https address',
      { DEV_MODE: '1', TFR_SERVER_BASE_URL: 'https://r.example.com' },
      'DEV_MODE: expected no development mode for a registry that is reached under https://r.example.com',
    ],
    [
      'a grace that an upload outlives',
      { TFR_STORAGE_SWEEP_GRACE: '1h', TFR_SERVER_UPLOAD_TIMEOUT: '1h' },
      'storage.sweep_grace: expected more than server.upload_timeout',
    ],
    [
      'a grace that a link outlives',
      { TFR_STORAGE_SWEEP_GRACE: '2h', TFR_STORAGE_URL_TTL: '2h' },
      'storage.sweep_grace: expected more than storage.url_ttl',
    ],
    [
      'more idle connections than connections',
      { TFR_DATABASE_MAX_CONNECTIONS: '2', TFR_DATABASE_MIN_IDLE_CONNECTIONS: '3' },
      'database.min_idle_connections: expected at most database.max_connections, which is 2',
    ],
    [
      'a foreign address that is not PostgreSQL',
      { TFR_DATABASE_URL: 'http://db' },
      'database.url: expected postgres://user:password@host:port/name or embedded:<directory>',
    ],
    [
      'an embedded address without a directory',
      { TFR_DATABASE_URL: 'embedded:' },
      'database.url: expected postgres://',
    ],
    [
      'a CA file that does not exist',
      { TFR_DATABASE_SSL_ROOT_CERT: 'none.pem' },
      'database.ssl_root_cert: expected a file that can be read',
    ],
    [
      'a worker of its own on private storage',
      { TFR_WORKER_MODE: 'worker' },
      'storage.local.shared: expected true',
    ],
  ])('are refused: %s', (_, env, problem) => {
    const lines = problemsOf(env);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(problem);
  });

  it.each([
    'http://r.example.com',
    'https://localhost:8443',
    'https://127.0.0.1',
    'https://[::1]:8443',
    'https://r.localhost',
  ])('allow development mode under %s', (url) => {
    expect(problemsOf({ DEV_MODE: 'true', TFR_SERVER_BASE_URL: url })).toEqual([]);
  });

  it('need both files for TLS', () => {
    write('cert.pem', '');
    const lines = problemsOf({ TFR_SECURITY_TLS_ENABLED: 'true', TFR_SECURITY_TLS_CERT_FILE: 'cert.pem' });
    expect(lines).toEqual([
      'security.tls.key_file: expected the path of a PEM file, because security.tls.enabled is true (default)',
    ]);
    expect(problemsOf({ TFR_SECURITY_TLS_ENABLED: 'true' })).toHaveLength(2);
  });

  it('refuse with several replicas what only works alone', () => {
    const env = { TFR_REPLICAS: '3', TFR_DATABASE_HOST: '' };
    expect(problemsOf(env).map((line) => line.split(':')[0])).toEqual([
      'database.url',
      'storage.local.shared',
    ]);
    const shared = { TFR_REPLICAS: '3', TFR_STORAGE_LOCAL_SHARED: 'true' };
    expect(problemsOf(shared)).toEqual([]);
    expect(problemsOf({ ...shared, TFR_SECURITY_RATE_LIMITING_STORE: 'memory' })).toEqual([
      expect.stringContaining(
        'security.rate_limiting.store: expected database, because worker.replicas is 3',
      ),
    ]);
    expect(
      problemsOf({ TFR_WORKER_MODE: 'web', TFR_STORAGE_LOCAL_SHARED: '1', TFR_DATABASE_HOST: '' })[0],
    ).toContain('database.url: expected a PostgreSQL server, because worker.mode is web');
  });
});
