import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseConfig } from '../../../src/config/database.config.js';
import { WorkerConfig } from '../../../src/config/worker.config.js';
import { DatabaseConnection } from '../../../src/platform/database/database-connection.js';
import { DatabaseUnavailable } from '../../../src/platform/database/database.errors.js';
import { MIGRATIONS } from '../../../src/platform/database/migrations-list.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { JobQueue } from '../../../src/platform/jobs/job-queue.js';
import { migrateJobs } from '../../../src/platform/jobs/job-schema.js';
import { schemaSnapshot } from '../../support/schema-snapshot.js';
import { findOnPath, startSystemPostgres, type SystemPostgres } from '../../support/system-postgres.js';

const isThere = Boolean(findOnPath('postgres') && findOnPath('initdb'));
if (!isThere) {
  console.warn(
    'SKIPPED: system-postgres.spec.ts needs the programs postgres and initdb (PostgreSQL 14 or later) on PATH',
  );
}

const NAMES = MIGRATIONS.map(({ name }) => name);
const PASSWORD = 'only/for@this test';

describe.runIf(isThere)('a PostgreSQL server of the operator', () => {
  let server: SystemPostgres;
  const rootCert = join(tmpdir(), `registry-root-${process.pid}.pem`);

  beforeAll(async () => {
    const tls = await selfSigned('db.example');
    await writeFile(rootCert, tls.certificate);
    server = await startSystemPostgres('registry', PASSWORD, tls);
  });
  afterAll(async () => {
    await server.stop();
    await rm(rootCert, { force: true });
  });

  function open(values: Partial<DatabaseConfig> = {}, connectWithinMs = 10_000): Promise<DatabaseConnection> {
    const config = Object.assign(new DatabaseConfig(), {
      host: '127.0.0.1',
      port: server.port,
      name: 'postgres',
      password: PASSWORD,
      minIdleConnections: 0,
      ...values,
    });
    return DatabaseConnection.open(config, {
      entities: [],
      mode: 'serve',
      log: () => undefined,
      libraries: [migrateJobs],
      connectWithinMs,
    });
  }
  async function encrypted(values: Partial<DatabaseConfig>): Promise<unknown> {
    const connection = await open(values);
    try {
      const rows: unknown = await connection.dataSource.query(
        'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
      );
      return (rows as { ssl: boolean }[])[0]?.ssl;
    } finally {
      await connection.close();
    }
  }

  it('takes the migrations up, down and up again, and rows after them', async () => {
    const connection = await open();
    try {
      const { dataSource, migrator } = connection;
      expect(await migrator.up()).toEqual(NAMES);
      const schema = await schemaSnapshot(dataSource);
      for (const name of [...NAMES].reverse()) expect(await migrator.down()).toBe(name);
      expect(await schemaSnapshot(dataSource)).toEqual([]);
      expect(await migrator.up()).toEqual(NAMES);
      expect(await schemaSnapshot(dataSource)).toEqual(schema);

      await dataSource.query(`
        WITH org AS (INSERT INTO organizations (name, display_name, is_default) VALUES ('default', 'Default', true) RETURNING id),
        art AS (INSERT INTO artifacts (storage, key, digest, size_bytes, state)
          VALUES ('local', 'blobs/x', repeat('a', 64), 5000000000, 'committed') RETURNING id),
        module AS (INSERT INTO registry_modules (organization_id, namespace, name, system)
          SELECT id, 'myorg', 'vpc', 'aws' FROM org RETURNING id)
        INSERT INTO module_versions (module_id, version, sort_key, state, artifact_id, digest, size_bytes, filename)
        SELECT module.id, '1.0.0', '1', 'active', art.id, repeat('a', 64), 5, 'vpc.tar.gz' FROM module, art`);
      await new JobQueue(new Transactions(dataSource), new WorkerConfig()).enqueue('sweep');
      expect(await dataSource.query('SELECT version FROM module_versions')).toEqual([{ version: '1.0.0' }]);
      expect(await dataSource.query('SELECT task_identifier FROM graphile_worker.jobs')).toEqual([
        { task_identifier: 'sweep' },
      ]);
      await expect(
        dataSource.query(`INSERT INTO organizations (name, display_name) VALUES ('default', 'x')`),
      ).rejects.toThrow('uq_organization_name');
    } finally {
      await connection.close();
    }
  });

  it('limits the time of statements and of pauses in transactions as configured', async () => {
    const connection = await open({ statementTimeoutMs: 1234, idleInTransactionTimeoutMs: 5678 });
    try {
      const [row] = (await connection.dataSource
        .query(`SELECT current_setting('statement_timeout') AS statement,
        current_setting('idle_in_transaction_session_timeout') AS idle,
        current_setting('application_name') AS application`)) as unknown[];
      expect(row).toEqual({ statement: '1234ms', idle: '5678ms', application: 'terraform-registry' });
    } finally {
      await connection.close();
    }
  });

  it('is connected to as the TLS mode says', async () => {
    expect(await encrypted({ sslMode: 'require' })).toBe(true);
    expect(await encrypted({ sslMode: 'prefer' })).toBe(true);
    expect(await encrypted({ sslMode: 'disable' })).toBe(false);
    expect(await encrypted({ sslMode: 'verify-ca', sslRootCert: rootCert })).toBe(true);
    await expect(open({ sslMode: 'verify-ca' })).rejects.toThrow(/certificate/);
    await expect(open({ sslMode: 'verify-full', sslRootCert: rootCert })).rejects.toThrow(/127\.0\.0\.1/);
  });

  it('may be named by a URL', async () => {
    const password = encodeURIComponent(PASSWORD);
    const url = `postgres://registry:${password}@127.0.0.1:${server.port}/postgres?sslmode=require`;
    expect(await encrypted({ url, host: 'unused.invalid', sslMode: 'disable' })).toBe(true);
  });

  it('is reported in a sentence when it cannot be reached', async () => {
    await expect(open({ port: 1 }, 0)).rejects.toBeInstanceOf(DatabaseUnavailable);
  });
});

async function selfSigned(name: string): Promise<{ certificate: string; key: string }> {
  x509.cryptoProvider.set(webcrypto as unknown as Crypto);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: algorithm,
    keys: keys as CryptoKeyPair,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}
