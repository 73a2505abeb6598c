import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppModule } from '../../../src/app.module.js';
import { ApiKeys } from '../../../src/auth/api-keys.service.js';
import { TellRevokedKeyJob } from '../../../src/auth/jobs/tell-revoked-key.job.js';
import { runKeysCommand } from '../../../src/auth/key-commands.js';
import { ApiKeyLifeRepository } from '../../../src/auth/persistence/api-key-life.repository.js';
import { NotificationsConfig } from '../../../src/config/notifications.config.js';
import { ServerConfig } from '../../../src/config/server.config.js';
import { AppLogger } from '../../../src/platform/logging/logger.js';
import { LoggingModule } from '../../../src/platform/logging/logging.module.js';
import { Mailer } from '../../../src/platform/mail/mailer.js';
import { SmtpMailbox } from '../../support/smtp-mailbox.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from './support/browser.js';

@Module({})
class Commands {}

const QUIET = { print: () => undefined, hint: () => undefined };

describe('the mail about a key that somebody else revoked (A10)', () => {
  let app: TestApp;
  let box: SmtpMailbox;
  let home: string;
  const refused = new Set<string>();

  beforeAll(async () => {
    box = await SmtpMailbox.open({ hidesStartTls: true, refuses: (address) => refused.has(address) });
    app = await TestApp.start({
      TFR_NOTIFICATIONS_ENABLED: 'true',
      TFR_NOTIFICATIONS_SMTP_HOST: 'localhost',
      TFR_NOTIFICATIONS_SMTP_PORT: String(box.port),
      TFR_NOTIFICATIONS_SMTP_FROM: 'registry@example.com',
      TFR_NOTIFICATIONS_SMTP_USE_TLS: 'false',
    });
    home = await defaultOrganizationOf(app);
  });
  beforeEach(() => {
    box.mails.length = 0;
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(async () => {
    await app.stop();
    await box.close();
  });

  interface OwnedKey {
    readonly id: string;
    readonly key: string;
    readonly userId: string | undefined;
    readonly email: string | undefined;
  }

  async function keyOfSomebody(name: string, owner?: string | null): Promise<OwnedKey> {
    const userId = owner === null ? undefined : (owner ?? (await addPerson(app, { [home]: 'publisher' })));
    const { id, key } = await app.get(ApiKeys).issue({ name, scopes: ['modules:read'], userId });
    const [row] = await app.query<{ email: string }>('SELECT email FROM users WHERE id = $1', [
      userId ?? null,
    ]);
    return { id, key, userId, email: row?.email };
  }

  /** Runs a command as `cli.ts` does, in a process of its own that runs no jobs. */
  async function command(...args: string[]): Promise<void> {
    const logger = new AppLogger({ ...app.config.logging, level: 'error' });
    const imports = [LoggingModule.forRoot(logger), AppModule.forRoot(app.config, 'tool')];
    const context = await NestFactory.createApplicationContext(
      { module: Commands, imports },
      { logger, abortOnError: false },
    );
    try {
      await runKeysCommand(args, context, QUIET);
    } finally {
      await context.close();
    }
  }

  const revoke = (browser: Browser, { id }: OwnedKey) =>
    browser.request(`/api/v1/apikeys/${id}`, { method: 'DELETE', proof: 'csrf' });
  const recipients = () => box.mails.flatMap(({ to }) => to);
  const isIdle = async () => {
    const jobs = await app.query(
      `SELECT id FROM graphile_worker.jobs WHERE task_identifier = 'tell-revoked-key'`,
    );
    return jobs.length === 0;
  };

  it('is sent once by the server when the key is pasted into `keys revoke`, with an audit row', async () => {
    const pasted = await keyOfSomebody('found on a wall');
    await command('revoke', pasted.key);
    await command('revoke', pasted.key);
    await expect.poll(recipients).toEqual([pasted.email]);
    await expect.poll(isIdle).toBe(true);
    expect(recipients()).toEqual([pasted.email]);
    const { source } = box.mails[0]!;
    expect(source).toContain('your API key "found on a wall"');
    expect(source).toContain('http://registry.test was revoked on');
    expect(source).not.toContain(pasted.key);
    expect((await app.request('/api/v1/apikeys', { key: pasted.key })).status).toBe(401);
    const records = await app.query(
      `SELECT action FROM audit_entries WHERE resource_id = $1 AND action = 'COMMAND keys revoke'`,
      [pasted.id],
    );
    expect(records).toHaveLength(1);
  });

  it('is sent when an administrator revoked the key, and not when its owner did or nobody owns it', async () => {
    const admin = await Browser.signIn(app, await addPerson(app, { [home]: 'admin' }));
    const [own, ownerless, theirs] = [
      await keyOfSomebody('own'),
      await keyOfSomebody('ownerless', null),
      await keyOfSomebody('theirs'),
    ];
    const owner = await Browser.signIn(app, own.userId!);
    expect((await revoke(owner, own)).status).toBeLessThan(300);
    expect((await revoke(admin, ownerless)).status).toBeLessThan(300);
    expect((await revoke(admin, theirs)).status).toBeLessThan(300);
    await expect.poll(recipients).toEqual([theirs.email]);
    await expect.poll(isIdle).toBe(true);
    expect(recipients()).toEqual([theirs.email]);
  });

  it('is not sent when the owner revokes by another key of theirs', async () => {
    const key = await keyOfSomebody('first');
    await app.query(
      `UPDATE memberships SET role_template_id = (SELECT id FROM role_templates WHERE name = 'admin')
      WHERE user_id = $1`,
      [key.userId],
    );
    const other = await app
      .get(ApiKeys)
      .issue({ name: 'second', scopes: ['api_keys:manage'], userId: key.userId });
    const answer = await app.request(`/api/v1/apikeys/${key.id}`, { method: 'DELETE', key: other.key });
    expect(answer.status).toBeLessThan(300);
    const last = await keyOfSomebody('last');
    await command('revoke', last.id);
    await expect.poll(recipients).toEqual([last.email]);
  });

  it('is given up, and logged, for an address that the mail server refuses; the key is revoked', async () => {
    const lost = await keyOfSomebody('lost');
    const warned = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    refused.add(lost.email!);
    await command('revoke', lost.key);
    expect((await app.request('/api/v1/apikeys', { key: lost.key })).status).toBe(401);
    await expect.poll(isIdle).toBe(true);
    expect(recipients()).toEqual([]);
    expect(warned.mock.calls.flat()).toMatchObject([{ key: lost.id }]);
  });

  it('is tried again while the mail server cannot be used', async () => {
    const key = await keyOfSomebody('later', await addPerson(app));
    await app.query('UPDATE api_keys SET revoked_at = now() WHERE id = $1', [key.id]);
    const { notifications } = app.config;
    const broken = Object.assign(new NotificationsConfig(), notifications, { smtpPort: 1 });
    const [life, server] = [app.get(ApiKeyLifeRepository), app.get(ServerConfig)];
    const job = new TellRevokedKeyJob(life, new Mailer(broken), broken, server);
    await expect(job.run({ keyId: key.id })).rejects.toThrow('The mail was not sent');
    await app.get(TellRevokedKeyJob).run({ keyId: key.id });
    expect(recipients()).toEqual([key.email]);
  });

  it('is of no concern to a registry without notifications', async () => {
    const silent = await TestApp.start();
    try {
      const userId = await addPerson(silent);
      const keys = silent.get(ApiKeys);
      const { id } = await keys.issue({ name: 'quiet', scopes: ['modules:read'], userId });
      await keys.revoke(id);
      expect(
        await silent.query(`SELECT id FROM graphile_worker.jobs WHERE task_identifier = 'tell-revoked-key'`),
      ).toEqual([]);
    } finally {
      await silent.stop();
    }
  });
});
