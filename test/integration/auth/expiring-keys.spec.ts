import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Logger } from '@nestjs/common';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PurgeExpiredJob } from '../../../src/auth/jobs/purge-expired.job.js';
import { WarnExpiringKeysJob } from '../../../src/auth/jobs/warn-expiring-keys.job.js';
import { ApiKeyLifeRepository } from '../../../src/auth/persistence/api-key-life.repository.js';
import { NotificationsConfig } from '../../../src/config/notifications.config.js';
import { ServerConfig } from '../../../src/config/server.config.js';
import { SystemClock } from '../../../src/kernel/clock.js';
import { Mailer } from '../../../src/platform/mail/mailer.js';
import { Metrics } from '../../../src/platform/metrics/metrics.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { pipelineToken } from '../../support/factories/pipeline-token.factory.js';
import { type MailboxOptions, SmtpMailbox } from '../../support/smtp-mailbox.js';
import { issueTestTls, type TestTls } from '../../support/tls.js';
import { addUser, identityProcess, newEncryptionKey, type IdentityProcess } from './support/identity.js';

const DAY_MS = 86_400_000;

describe('API keys that end', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tfr-expiring-'));
  const usual = getCACertificates('default');
  let tls: TestTls;
  let database: TestDatabase;
  let identity: IdentityProcess;
  let life: ApiKeyLifeRepository;
  let defaultId: string;
  let box: SmtpMailbox;

  beforeAll(async () => {
    tls = await issueTestTls(directory);
    setDefaultCACertificates([...usual, tls.ca]);
    database = await createTestDatabase();
    identity = await identityProcess(database, newEncryptionKey());
    life = new ApiKeyLifeRepository(identity.dataSource);
    defaultId = (await identity.organizations.getDefault()).id;
  });
  beforeEach(async () => {
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    await query('DELETE FROM api_keys');
    await openBox({ tls });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await box.close();
  });
  afterAll(async () => {
    setDefaultCACertificates(usual);
    rmSync(directory, { recursive: true, force: true });
    await database.drop();
  });

  const query = <Row>(text: string, values: unknown[] = []) =>
    identity.dataSource.query(text, values) as Promise<Row[]>;

  async function openBox(options: MailboxOptions): Promise<void> {
    box = await SmtpMailbox.open(options);
  }

  /** The job in a process of its own, for the present mailbox. */
  function jobWith(more: Partial<NotificationsConfig> = {}) {
    const config = Object.assign(new NotificationsConfig(), {
      enabled: true,
      smtpHost: 'localhost',
      smtpPort: box.port,
      smtpFrom: 'registry@example.com',
      ...more,
    });
    const registry = new Registry();
    const metrics = new Metrics(registry);
    const server = Object.assign(new ServerConfig(), { publicUrl: 'https://registry.example.com' });
    const job = new WarnExpiringKeysJob(life, new Mailer(config), metrics, config, server);
    const sent = async () =>
      Number(/^apikey_expiry_notifications_sent_total (\d+)$/m.exec((await metrics.render()).body)?.[1]);
    return { run: () => job.run({}, new AbortController().signal), sent };
  }

  async function keyEndingIn(days: number, more: object = {}): Promise<{ id: string; email: string }> {
    const userId = await addUser(identity.dataSource, { [defaultId]: 'publisher' });
    const expiresAt = new Date(Date.now() + days * DAY_MS);
    const { id } = await identity.keys.issue({
      name: 'ci',
      scopes: ['modules:read'],
      userId,
      expiresAt,
      ...more,
    });
    const [user] = await query<{ email: string }>('SELECT email FROM users WHERE id = $1', [userId]);
    return { id, email: user!.email };
  }

  it('are announced to their owner, once', async () => {
    const { email } = await keyEndingIn(6.9);
    const { run, sent } = jobWith();
    await run();
    await run();
    expect(box.mails.map(({ to, isEncrypted }) => ({ to, isEncrypted }))).toEqual([
      { to: [email], isEncrypted: true },
    ]);
    expect(box.mails[0]!.source).toContain('https://registry.example.com expires on');
    expect(await sent()).toBe(1);
  });

  it('are announced within the configured days only, to active owners of keys that live', async () => {
    await keyEndingIn(7.1);
    const revoked = await keyEndingIn(1);
    await identity.keys.revoke(revoked.id);
    const disabled = await keyEndingIn(1);
    await query('UPDATE users SET is_active = false WHERE email = $1', [disabled.email]);
    await keyEndingIn(1, { userId: undefined });
    await jobWith().run();
    expect(box.mails).toEqual([]);
    await jobWith({ warningDays: 8 }).run();
    expect(box.mails).toHaveLength(1);
  });

  it('are announced by nobody when notifications are off', async () => {
    await keyEndingIn(1);
    await jobWith({ enabled: false }).run();
    expect(box.mails).toEqual([]);
  });

  it('are announced once by several replicas that run at the same time', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => keyEndingIn(3)));
    const replicas = Array.from({ length: 4 }, () => jobWith());
    await Promise.all(replicas.map(({ run }) => run()));
    expect(box.mails.map(({ to }) => to[0]).sort()).toEqual(keys.map(({ email }) => email).sort());
    const counts = await Promise.all(replicas.map(({ sent }) => sent()));
    expect(counts.reduce((sum, one) => sum + one)).toBe(8);
  });

  it('are announced again when a process died between sending and recording', async () => {
    const { id } = await keyEndingIn(2);
    await life.claimWarning((await life.listExpiring(7))[0]!);
    await jobWith().run();
    expect(box.mails).toEqual([]);
    await query(
      `UPDATE api_keys SET expiry_warning_claimed_at = now() - interval '11 minutes' WHERE id = $1`,
      [id],
    );
    await jobWith().run();
    await jobWith().run();
    expect(box.mails).toHaveLength(1);
  });

  it('are announced again when their end has moved', async () => {
    const { id } = await keyEndingIn(2);
    await jobWith().run();
    await identity.records.change(id, async () => ({ expiresAt: new Date(Date.now() + 5 * DAY_MS) }));
    await jobWith().run();
    expect(box.mails).toHaveLength(2);
  });

  it('are announced by the next run when the server could not be used, and counted only then', async () => {
    await keyEndingIn(2);
    await keyEndingIn(3);
    await box.close();
    const broken = jobWith();
    await broken.run();
    expect(await broken.sent()).toBe(0);
    await openBox({ tls, hidesStartTls: true });
    await jobWith().run();
    expect(box.mails).toEqual([]);
    await box.close();
    await openBox({ tls });
    const working = jobWith();
    await working.run();
    expect(box.mails).toHaveLength(2);
    expect(await working.sent()).toBe(2);
  });

  it('are announced although another owner cannot be reached', async () => {
    const lost = await keyEndingIn(1);
    const other = await keyEndingIn(2);
    await box.close();
    await openBox({ tls, refuses: (address) => address === lost.email });
    const { run, sent } = jobWith();
    await run();
    expect(box.mails.map(({ to }) => to)).toEqual([[other.email]]);
    expect(await sent()).toBe(1);
  });

  it('are removed 30 days later, and tokens of pipelines a day later', async () => {
    const alive = await keyEndingIn(1);
    const states: [string, string | null, string | null][] = [
      ['expired lately', `29 days`, null],
      ['expired long ago', `31 days`, null],
      ['revoked lately', null, `29 days`],
      ['revoked long ago', null, `31 days`],
    ];
    for (const [name, expired, revoked] of states) {
      const { id } = await keyEndingIn(1, { name });
      await query(
        `UPDATE api_keys SET expires_at = now() - $2::interval, revoked_at = now() - $3::interval WHERE id = $1`,
        [id, expired, revoked],
      );
    }
    for (const [name, age] of [
      ['token of today', '23 hours'],
      ['token of yesterday', '25 hours'],
    ]) {
      const { id } = await identity.keys.issueExchanged(await pipelineToken(query, defaultId, name));
      await query('UPDATE api_keys SET expires_at = now() - $2::interval WHERE id = $1', [id, age]);
    }
    await new PurgeExpiredJob(life, new SystemClock()).run();
    const left = await query<{ name: string; id: string }>('SELECT id, name FROM api_keys ORDER BY name');
    expect(left.map(({ name }) => name)).toEqual([
      'ci',
      'expired lately',
      'revoked lately',
      'token of today',
    ]);
    expect(left[0]!.id).toBe(alive.id);
  });
});
