import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NotificationsConfig } from '../../../src/config/notifications.config.js';
import { MailNotSent } from '../../../src/platform/mail/mail.errors.js';
import { Mailer } from '../../../src/platform/mail/mailer.js';
import { type MailboxOptions, SmtpMailbox } from '../../support/smtp-mailbox.js';
import { issueTestTls, type TestTls } from '../../support/tls.js';

const MAIL = { to: { name: 'Ada', address: 'ada@example.com' }, subject: 'Hello', text: 'How are you?\n' };

describe('mail', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tfr-mail-'));
  const usual = getCACertificates('default');
  const open: SmtpMailbox[] = [];
  let tls: TestTls;
  let untrusted: TestTls;

  beforeAll(async () => {
    tls = await issueTestTls(join(directory, 'trusted'));
    untrusted = await issueTestTls(join(directory, 'untrusted'));
    setDefaultCACertificates([...usual, tls.ca]);
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((box) => box.close()));
  });
  afterAll(() => {
    setDefaultCACertificates(usual);
    rmSync(directory, { recursive: true, force: true });
  });

  async function mailbox(options: MailboxOptions): Promise<SmtpMailbox> {
    const box = await SmtpMailbox.open(options);
    open.push(box);
    return box;
  }

  function mailerFor(port: number, more: Partial<NotificationsConfig> = {}): Mailer {
    const settings = {
      enabled: true,
      smtpHost: 'localhost',
      smtpPort: port,
      smtpFrom: 'registry@example.com',
    };
    return new Mailer(Object.assign(new NotificationsConfig(), settings, more));
  }

  const failure = async (work: Promise<void>): Promise<MailNotSent> => {
    const error: unknown = await work.then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(MailNotSent);
    return error as MailNotSent;
  };

  it('is encrypted by STARTTLS before account and mail are sent', async () => {
    const account = { user: 'registry', password: 'right horse' };
    const box = await mailbox({ tls, account });
    await mailerFor(box.port, { smtpUsername: 'registry', smtpPassword: 'right horse' }).send(MAIL);
    expect(box.mails).toEqual([
      expect.objectContaining({
        from: 'registry@example.com',
        to: ['ada@example.com'],
        isEncrypted: true,
        user: 'registry',
      }),
    ]);
    expect(box.mails[0]!.source).toMatch(/^Subject: Hello\r$/m);
    expect(box.mails[0]!.source).toContain('How are you?');
  });

  it('does not go to a server that offers no STARTTLS', async () => {
    const box = await mailbox({
      tls,
      hidesStartTls: true,
      account: { user: 'registry', password: 'secret' },
    });
    const mailer = mailerFor(box.port, { smtpUsername: 'registry', smtpPassword: 'secret' });
    const error = await failure(mailer.send(MAIL));
    expect(error.isOfRecipient).toBe(false);
    expect(error.message).toMatch(/encryption/);
    expect([box.mails, box.signIns]).toEqual([[], []]);
  });

  it('says nothing in plain text but greeting and STARTTLS, also to a server that pretends', async () => {
    const heard: string[] = [];
    const server: Server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('220 mail.test ESMTP\r\n');
      socket.on('data', (data) => {
        const line = data.toString('latin1');
        heard.push(line.trim().split(/\s/)[0]!.toUpperCase());
        if (/^EHLO/i.test(line)) socket.write('250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n');
        else if (/^STARTTLS/i.test(line)) socket.write('454 TLS not available\r\n');
        else socket.write('250 OK\r\n');
      });
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', () => ready()));
    try {
      const { port } = server.address() as AddressInfo;
      await failure(mailerFor(port, { smtpUsername: 'registry', smtpPassword: 'secret' }).send(MAIL));
      expect(heard.filter((command) => !['EHLO', 'STARTTLS', 'QUIT'].includes(command))).toEqual([]);
      expect(heard).toContain('STARTTLS');
    } finally {
      await new Promise((done) => server.close(done));
    }
  });

  it('does not go to a server whose certificate is of another authority, or for another host', async () => {
    const strange = await mailbox({ tls: untrusted });
    const known = await mailbox({ tls });
    for (const [box, smtpHost] of [
      [strange, 'localhost'],
      [known, '127.0.0.2'],
    ] as const) {
      await failure(mailerFor(box.port, { smtpHost }).send(MAIL));
      expect(box.mails).toEqual([]);
      expect(box.connections).toBe(1);
    }
  });

  it('goes in plain text only when that is configured', async () => {
    const box = await mailbox({ hidesStartTls: true });
    await mailerFor(box.port, { smtpUseTls: false }).send(MAIL);
    expect(box.mails).toEqual([expect.objectContaining({ isEncrypted: false })]);
  });

  it('that is refused says neither password nor address nor words of the server', async () => {
    const box = await mailbox({ tls, account: { user: 'registry', password: 'other' }, refuses: () => true });
    const error = await failure(
      mailerFor(box.port, { smtpUsername: 'registry', smtpPassword: 'p4ss' }).send(MAIL),
    );
    expect(error.message).toMatch(/account \(5\d\d\)/);
    expect(error.message).not.toMatch(/p4ss|ada@|Wrong/);
    const refusing = await mailbox({ tls, refuses: () => true });
    const refused = await failure(mailerFor(refusing.port).send(MAIL));
    expect(refused.isOfRecipient).toBe(true);
    expect(refused.message).not.toMatch(/ada@|mailbox/);
  });

  it('fails when nobody listens', async () => {
    const box = await mailbox({ tls });
    await box.close();
    open.length = 0;
    expect((await failure(mailerFor(box.port).send(MAIL))).isOfRecipient).toBe(false);
  });

  it('takes no header and no further recipient out of names, subjects and addresses', async () => {
    const box = await mailbox({ tls });
    const evil = 'x\r\nBcc: eve@example.com\r\n\r\nnew body';
    await mailerFor(box.port).send({
      ...MAIL,
      to: { name: evil, address: 'ada@example.com' },
      subject: evil,
    });
    expect(box.mails[0]!.to).toEqual(['ada@example.com']);
    const [head = ''] = box.mails[0]!.source.split('\r\n\r\n');
    expect(head).not.toMatch(/^Bcc:/im);
    const addresses = [
      'ada@example.com\r\nBcc: eve@example.com',
      'ada@example.com, eve@example.com',
      'Eve <eve@example.com>',
      '',
    ];
    for (const address of addresses) {
      await failure(mailerFor(box.port).send({ ...MAIL, to: { name: '', address } }));
    }
    expect(box.mails).toHaveLength(1);
  });
});
