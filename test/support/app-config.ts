import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppConfig } from '../../src/config/app-config.js';
import { loadConfig } from '../../src/config/load-config.js';

/** A complete configuration for an application inside a test, and the folder that it may write to. */
export interface TestConfig {
  readonly config: AppConfig;
  readonly directory: string;
  /** Removes the folder. */
  remove(): void;
}

/** The settings of a process that uses a database that is there already, with secrets of its own. */
export function environmentWithDatabase(databaseUrl: string): Record<string, string> {
  return {
    TFR_DATABASE_URL: databaseUrl,
    ENCRYPTION_KEY: `hex:${randomBytes(32).toString('hex')}`,
    TFR_JWT_SECRET: randomBytes(32).toString('hex'),
    TFR_SECURITY_RATE_LIMITING_ENABLED: 'false',
  };
}

/** Reads the configuration as `main.ts` does, for a database that is there already; `env` adds and replaces. */
export function testConfig(databaseUrl: string, env: Record<string, string> = {}): TestConfig {
  const directory = mkdtempSync(join(tmpdir(), 'tfr-test-'));
  const settings = {
    ...environmentWithDatabase(databaseUrl),
    TFR_STORAGE_LOCAL_BASE_PATH: join(directory, 'storage'),
    TFR_TELEMETRY_METRICS_ENABLED: 'false',
    TFR_LOGGING_LEVEL: 'error',
    ...env,
  };
  const { config } = loadConfig({ env: settings, argv: [], cwd: directory });
  return { config, directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
