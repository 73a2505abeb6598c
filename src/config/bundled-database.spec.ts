import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configCheck, configPrint } from './config-commands.js';
import { configurationReferenceText, envExampleText } from './describe-config.js';
import { readSecrets } from './generated-secrets.js';
import { type LoadOptions, loadConfig } from './load-config.js';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'bundled-database-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const load = (env: NodeJS.ProcessEnv = {}, options: LoadOptions = {}) =>
  loadConfig({ env, argv: [], cwd, ...options });
const secretsFile = () => join(cwd, 'data', 'secrets.json');

describe('without a database', () => {
  it('uses the bundled one with secrets that are generated once, and says so', () => {
    const first = load();
    expect(first.config.database.embeddedDirectory).toBe(join(cwd, 'data', 'db'));
    expect(first.warnings.join('\n')).toContain('trials and small single-node use');
    expect(first.warnings.join('\n')).toContain(secretsFile());
    expect(first.config.secrets.encryptionKey).toHaveLength(32);
    const second = load();
    expect(second.config.secrets).toEqual(first.config.secrets);
    expect(second.config.storage.signingSecret).toBe(first.config.storage.signingSecret);
    expect(readSecrets(secretsFile())!.jwtSecret).toBe(first.config.secrets.jwtSecret);
  });

  it.each(['TFR_DATABASE_HOST', 'TFR_DATABASE_NAME', 'TFR_DATABASE_USER', 'TFR_DATABASE_PASSWORD'])(
    'is not what %s means',
    (name) => {
      expect(() => load({ [name]: 'x' })).toThrow('ENCRYPTION_KEY');
      expect(existsSync(join(cwd, 'data'))).toBe(false);
    },
  );

  it('stays bundled when only its port is set', () => {
    expect(load({ TFR_DATABASE_PORT: '5433' }).config.database.embeddedDirectory).toBe(
      join(cwd, 'data', 'db'),
    );
  });

  it('uses another directory when it is named, and keeps the secrets beside it', () => {
    const { database } = load({ TFR_DATABASE_URL: 'embedded:./var/pg' }).config;
    expect(database.embeddedDirectory).toBe(join(cwd, 'var', 'pg'));
    expect(database.url).toBeUndefined();
    expect(readSecrets(join(cwd, 'var', 'secrets.json'))).toBeDefined();
  });

  it('prefers secrets that are set', () => {
    const jwt = 'q7Zt2mXw9Lk4Vb1Nc8Rf5Yh3Jd6Gs0Pa';
    const { secrets } = load({ TFR_JWT_SECRET: jwt }).config;
    expect(secrets.jwtSecret).toBe(jwt);
    expect(secrets.encryptionKey).toEqual(load().config.secrets.encryptionKey);
    const both = { TFR_JWT_SECRET: jwt, ENCRYPTION_KEY: jwt };
    rmSync(join(cwd, 'data'), { recursive: true });
    load(both);
    expect(existsSync(secretsFile())).toBe(false);
  });

  it('writes no secrets while anything is wrong', () => {
    expect(() => load({ TFR_SERVER_PORT: 'x' })).toThrow('server.port');
    expect(existsSync(join(cwd, 'data'))).toBe(false);
  });

  it('does not replace the key of a database that exists', () => {
    load();
    mkdirSync(join(cwd, 'data', 'db', 'cluster'), { recursive: true });
    writeFileSync(join(cwd, 'data', 'db', 'cluster', 'PG_VERSION'), '18\n');
    load();
    rmSync(secretsFile());
    expect(() => load()).toThrow(/ENCRYPTION_KEY: expected the key with which the database .* was set up/);
    expect(existsSync(secretsFile())).toBe(false);
  });

  it('refuses a damaged file of secrets and warns about one that others can read', () => {
    load();
    chmodSync(secretsFile(), 0o644);
    expect(load().warnings.join()).toContain('set its mode to 0600');
    writeFileSync(secretsFile(), '{}');
    expect(() => load()).toThrow(
      `expected the secrets as they were generated; restore the file from a backup (file ${secretsFile()})`,
    );
  });
});

it('generates secrets in development mode with a database of your own', () => {
  const env = { DEV_MODE: '1', TFR_DATABASE_HOST: 'localhost' };
  expect(load(env).config.secrets.encryptionKey).toEqual(load(env).config.secrets.encryptionKey);
});

describe('the commands', () => {
  const run = (command: typeof configCheck, env: NodeJS.ProcessEnv, args: string[] = []) => {
    const texts = { out: '', err: '' };
    const output = {
      out: (text: string) => void (texts.out += text),
      err: (text: string) => void (texts.err += text),
    };
    return { code: command(args, { env, cwd }, output), ...texts };
  };

  it('check answers 0 and creates nothing', () => {
    const { code, out, err } = run(configCheck, { TFR_SERVER_PROT: '1' });
    expect([code, out]).toEqual([0, 'The configuration can be used.\n']);
    expect(err).toContain('Warning: The environment variable TFR_SERVER_PROT');
    expect(existsSync(join(cwd, 'data'))).toBe(false);
  });

  it('check answers 2 with all problems', () => {
    const { code, out, err } = run(configCheck, { TFR_SERVER_PORT: 'x', TFR_WORKER_MODE: 'y' });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('The configuration has 2 problems:\n  - server.port: ');
  });

  it('print shows the effective values, also of the file that is named, and creates nothing', () => {
    writeFileSync(join(cwd, 'other.yaml'), 'server: { port: 9000 }');
    const { code, out } = run(configPrint, {}, ['--config', 'other.yaml']);
    expect(code).toBe(0);
    expect(out).toContain(`server.port = 9000  (file ${join(cwd, 'other.yaml')}:server.port)\n`);
    expect(out).toContain(`database.url = embedded:${join(cwd, 'data', 'db')}  (default)\n`);
    expect(out).toContain('TFR_JWT_SECRET = ***  (generated at the first start)\n');
    expect(existsSync(join(cwd, 'data'))).toBe(false);
  });

  it('print shows generated secrets only as stars', () => {
    const { config } = load();
    const { out } = run(configPrint, {});
    expect(out).toContain(`TFR_JWT_SECRET = ***  (generated, file ${secretsFile()})\n`);
    expect(out).not.toContain(config.secrets.jwtSecret);
    expect(out).not.toContain(config.storage.signingSecret);
  });
});

describe('the generated documents', () => {
  it('name every setting, its default and its meaning', () => {
    expect(envExampleText()).toContain('# Listen port.\n# TFR_SERVER_PORT=8080\n');
    expect(envExampleText()).toContain('# ENCRYPTION_KEY=\n');
    expect(configurationReferenceText()).toContain(
      '| `TFR_SERVER_PORT` | `server.port` | int from 1 to 65535 | `8080` | Listen port. |',
    );
    expect(configurationReferenceText()).toContain('| `ENCRYPTION_KEY`, `TFR_ENCRYPTION_KEY` | – | key |');
  });

  it('give an example file whose values are the defaults', () => {
    const lines = envExampleText()
      .split('\n')
      .flatMap((line) => /^# ([A-Z_]+)=(.+)$/.exec(line)?.slice(1) ?? []);
    const env: NodeJS.ProcessEnv = {};
    for (let index = 0; index < lines.length; index += 2) env[lines[index]!] = lines[index + 1]!;
    const isDatabase = (name: string) => /^TFR_DATABASE_(HOST|NAME|USER)$/.test(name);
    const used = Object.fromEntries(Object.entries(env).filter(([name]) => !isDatabase(name)));
    expect(Object.keys(used).length).toBeGreaterThan(40);
    const { config, warnings } = load({ ...used, TFR_REPLICA_ID: 'same' });
    const defaults = load({ TFR_REPLICA_ID: 'same' });
    expect(config).toEqual(defaults.config);
    expect(warnings).toEqual(defaults.warnings);
  });
});
