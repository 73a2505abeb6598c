import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LoadOptions, loadConfig } from './load-config.js';

const KEY = 'hex:8f1c0b5e7a934d26e8b1f05a6c7d3924b0e1f2a3958674d5c6e7f80912a3b4c5';
const JWT = 'q7Zt2mXw9Lk4Vb1Nc8Rf5Yh3Jd6Gs0Pa';
const FOREIGN = { TFR_DATABASE_HOST: 'db.internal', ENCRYPTION_KEY: KEY, TFR_JWT_SECRET: JWT };

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'load-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function load(env: NodeJS.ProcessEnv, options: LoadOptions = {}) {
  return loadConfig({ env: { ...FOREIGN, ...env }, argv: [], cwd, ...options });
}

function write(path: string, text: string): string {
  mkdirSync(dirname(join(cwd, path)), { recursive: true });
  writeFileSync(join(cwd, path), text);
  return join(cwd, path);
}

describe('precedence', () => {
  it('takes the default, then the file, then the environment', () => {
    expect(load({}).config.server.port).toBe(8080);
    write('config.yaml', 'server: { port: 9000 }');
    expect(load({}).config.server.port).toBe(9000);
    expect(load({ TFR_SERVER_PORT: '9001' }).config.server.port).toBe(9001);
  });

  it('counts an empty variable as not set', () => {
    write('config.yaml', 'server: { port: 9000 }');
    expect(load({ TFR_SERVER_PORT: '', CONFIG_PATH: '' }).config.server.port).toBe(9000);
  });

  it('reads --config before CONFIG_PATH before the searched places, and only one file', () => {
    write('config/config.yaml', 'server: { port: 9003 }');
    expect(load({}).config.server.port).toBe(9003);
    write('config.yaml', 'server: { port: 9002 }');
    expect(load({}).config.server.port).toBe(9002);
    write('named.yaml', 'server: { port: 9001 }');
    expect(load({ CONFIG_PATH: 'named.yaml' }).config.server.port).toBe(9001);
    write('flag.yaml', 'server: { host: "::" }');
    for (const argv of [['check', '--config', 'flag.yaml'], ['--config=flag.yaml']]) {
      const { server } = load({ CONFIG_PATH: 'named.yaml' }, { argv }).config;
      expect([server.host, server.port]).toEqual(['::', 8080]);
    }
  });
});

describe('the YAML file', () => {
  it('gives each scalar as it is written', () => {
    write('config.yaml', 'database: { password: 0123, host: db }\nsecurity: { tls: { min_version: 1.3 } }');
    const { config } = load({ TFR_DATABASE_HOST: '' });
    expect(config.database.password).toBe('0123');
    expect(config.security.tls.minVersion).toBe('1.3');
  });

  it('takes null and empty values as not set, and empty sequences as empty lists', () => {
    write('config.yaml', 'server: { port: ~, host: "", trusted_proxies: [] }\nworker:\n');
    const { server } = load({}).config;
    expect([server.port, server.host, server.trustedProxies]).toEqual([8080, '0.0.0.0', []]);
  });

  it('may be empty', () => {
    write('config.yaml', '# nothing yet\n');
    expect(load({}).config.server.port).toBe(8080);
  });

  it('follows aliases', () => {
    write(
      'config.yaml',
      'server: { host_aliases: &names [a.example.com] }\nsecurity: { cors: { allowed_methods: [GET] } }',
    );
    expect(load({}).config.server.hostAliases).toEqual(['a.example.com']);
  });

  it('replaces values that are exactly a reference, and takes the environment literally', () => {
    write(
      'config.yaml',
      'database: { password: "${DB_PW}", user: "a${DB_PW}" }\nserver: { host_aliases: ["${ALIAS}"] }',
    );
    const { config } = load({ DB_PW: 'pa$$${X}', ALIAS: 'r.example.com', TFR_DATABASE_NAME: '${DB_PW}' });
    expect(config.database.password).toBe('pa$$${X}');
    expect(config.database.user).toBe('a${DB_PW}');
    expect(config.database.name).toBe('${DB_PW}');
    expect(config.server.hostAliases).toEqual(['r.example.com']);
  });
});

describe('secrets from files', () => {
  it('are the content without the final newline', () => {
    write('pw', 'line one\nline two \n');
    write('key', `${KEY}\r\n`);
    const { database, secrets } = load({
      TFR_DATABASE_PASSWORD_FILE: 'pw',
      ENCRYPTION_KEY: '',
      ENCRYPTION_KEY_FILE: 'key',
    }).config;
    expect(database.password).toBe('line one\nline two ');
    expect(secrets.encryptionKey.toString('hex')).toBe(KEY.slice(4));
  });

  it('may be named in the YAML file and under a synonym', () => {
    write('pw', 'from-file');
    write('key', KEY);
    write('config.yaml', 'database: { password_file: pw }');
    const { config, warnings } = load({ ENCRYPTION_KEY: '', TFR_ENCRYPTION_KEY_FILE: 'key' });
    expect(config.database.password).toBe('from-file');
    expect(config.secrets.encryptionKey).toHaveLength(32);
    expect(warnings).toEqual([]);
  });

  it('from the environment win over the YAML file', () => {
    write('pw', 'from-file');
    write('config.yaml', 'database: { password: from-yaml }');
    expect(load({ TFR_DATABASE_PASSWORD_FILE: 'pw' }).config.database.password).toBe('from-file');
  });
});

describe('defaults that depend on other settings', () => {
  it('give addresses from port and TLS', () => {
    expect(load({ TFR_SERVER_PORT: '9000' }).config.server).toMatchObject({
      baseUrl: 'http://localhost:9000',
      publicUrl: 'http://localhost:9000',
    });
    const tls = {
      TFR_SECURITY_TLS_ENABLED: '1',
      TFR_SECURITY_TLS_CERT_FILE: 'c',
      TFR_SECURITY_TLS_KEY_FILE: 'k',
    };
    write('c', '');
    write('k', '');
    expect(load(tls).config.server.baseUrl).toBe('https://localhost:8080');
    const { server } = load({ TFR_SERVER_BASE_URL: 'https://r.example.com/' }).config;
    expect(server.publicUrl).toBe('https://r.example.com');
  });

  it('listen on loopback in development mode unless a host is set', () => {
    expect(load({ DEV_MODE: 'true' }).config.server.host).toBe('127.0.0.1');
    expect(load({ TFR_DEV_MODE: '1', TFR_SERVER_HOST: '::' }).config.server.host).toBe('::');
    expect(load({ TFR_SERVER_HOST: '10.0.0.1' }).config.telemetry.metricsHost).toBe('10.0.0.1');
  });

  it('close a multi-tenant registry to anonymous readers', () => {
    expect(load({}).config.auth.anonymousRead).toBe(true);
    expect(load({ TFR_MULTI_TENANCY_ENABLED: 'true' }).config.auth.anonymousRead).toBe(false);
    const open = load({ TFR_MULTI_TENANCY_ENABLED: 'true', TFR_AUTH_ANONYMOUS_READ: 'true' });
    expect(open.config.auth.anonymousRead).toBe(true);
  });

  it('make paths absolute', () => {
    const { storage, logging } = load({ TFR_LOGGING_OUTPUT: 'registry.log' }).config;
    expect(storage.localBasePath).toBe(join(cwd, 'storage'));
    expect(storage.tempDir).toBe(join(cwd, 'storage', '.staging'));
    expect(logging.output).toBe(join(cwd, 'registry.log'));
  });

  it('derive the key of file URLs from the JWT secret, and keep accepting that of the previous one', () => {
    const before = load({}).config;
    const NEXT = 'W4rTz8Kq1Xn6Bv3Mc9Ld5Hg7Jf2Ys0Pe';
    const after = load({ TFR_JWT_SECRET: NEXT, TFR_JWT_SECRET_PREVIOUS: JWT }).config;
    expect(before.storage.signingSecret).toMatch(/^[0-9a-f]{64}$/);
    expect(after.storage.signingSecret).not.toBe(before.storage.signingSecret);
    expect(after.storage.previousSigningSecrets).toEqual([before.storage.signingSecret]);
    expect(load({ TFR_STORAGE_SIGNING_SECRET: NEXT }).config.storage.signingSecret).toBe(NEXT);
  });

  it('keep the pool consistent and name each process differently', () => {
    expect(load({ TFR_DATABASE_MAX_CONNECTIONS: '2' }).config.database.minIdleConnections).toBe(2);
    expect(load({}).config.worker.replicaId).not.toBe(load({}).config.worker.replicaId);
    expect(load({ TFR_REPLICA_ID: 'blue-1' }).config.worker.replicaId).toBe('blue-1');
  });
});

describe('the loaded configuration', () => {
  it('is frozen', () => {
    const { config } = load({});
    expect(() => Object.assign(config.server, { port: 1 })).toThrow(TypeError);
    expect(() => Object.assign(config.limits.rateLimiting, { burst: 1 })).toThrow(TypeError);
    expect(() => config.server.trustedProxies.push('0.0.0.0/0')).toThrow(TypeError);
  });

  it('shows every value with its source and hides every secret', () => {
    const path = write('config.yaml', 'server: { port: 9000 }\ndatabase: { password: hunter2hunter2 }');
    const secret = 'W4rTz8Kq1Xn6Bv3Mc9Ld5Hg7Jf2Ys0Pe';
    const text = load({
      TFR_STORAGE_URL_TTL: '20m',
      TFR_STORAGE_SIGNING_SECRET: secret,
      TFR_PUBLISHING_SIGNING_KEY_PASSPHRASE: 'open sesame',
    }).describe();
    expect(text).toContain(`server.port = 9000  (file ${path}:server.port)\n`);
    expect(text).toContain('storage.url_ttl = 20m  (environment TFR_STORAGE_URL_TTL)\n');
    expect(text).toContain('server.host = 0.0.0.0  (default)\n');
    expect(text).toContain('ENCRYPTION_KEY = ***  (environment ENCRYPTION_KEY)\n');
    expect(text).toContain(`database.password = ***  (file ${path}:database.password)\n`);
    for (const hidden of ['hunter2', secret, 'sesame', JWT, KEY.slice(4)]) expect(text).not.toContain(hidden);
  });
});

describe('unknown names', () => {
  it('are warnings with the nearest known name', () => {
    const path = write('config.yaml', 'server: { prot: 1 }\nfoo: { bar: 1, baz: 2 }');
    const { warnings } = load({
      TFR_SERVER_PROT: '1',
      TFR_DATABASE_PASSWORT_FILE: 'x',
      OTHER: '1',
      TFR_EMPTY: '',
    });
    expect(warnings).toEqual([
      'The environment variable TFR_SERVER_PROT is not a setting of this version and has no effect; the nearest known name is TFR_SERVER_PORT.',
      'The environment variable TFR_DATABASE_PASSWORT_FILE is not a setting of this version and has no effect; the nearest known name is TFR_DATABASE_PASSWORD_FILE.',
      `The key server.prot in ${path} is not a setting of this version and has no effect; the nearest known name is server.port.`,
      `The key foo in ${path} is not a setting of this version and has no effect.`,
    ]);
  });

  it('are not the known ones, whatever their form', () => {
    write('key', KEY);
    const env = { TFR_ENCRYPTION_KEY: KEY, TFR_DEV_MODE: '0', TFR_REPLICAS: '1', TFR_REPLICA_ID: 'a' };
    expect(load(env).warnings).toEqual([]);
  });
});

it('warns about limits that web pages will hit', () => {
  const tight = {
    TFR_SECURITY_RATE_LIMITING_REQUESTS_PER_MINUTE: '59',
    TFR_SECURITY_RATE_LIMITING_BURST: '19',
  };
  expect(load(tight).warnings[0]).toContain('below 60 with a burst below 20');
  expect(load({ ...tight, TFR_SECURITY_RATE_LIMITING_BURST: '20' }).warnings).toEqual([]);
});
