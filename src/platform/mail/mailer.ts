import { Injectable } from '@nestjs/common';
import { createTransport } from 'nodemailer';
import { NotificationsConfig } from '../../config/notifications.config.js';
import { Transactions } from '../database/transactions.js';
import { MailNotSent } from './mail.errors.js';

/** Implicit TLS (RFC 8314); every other port starts in plain text and is upgraded. */
const TLS_PORT = 465;
const TIMEOUT_MS = 15_000;
const ADDRESS = /^[^\s@<>(),;:"\\[\]\p{Cc}]{1,64}@[^\s@<>(),;:"\\[\]\p{Cc}]{1,255}$/u;

/** What may be told about a failure; the texts of libraries and servers stay out. */
const REASONS: Readonly<Record<string, string>> = {
  EAUTH: 'the mail server does not accept the account',
  EDNS: 'the name of the mail server cannot be resolved',
  ECONNECTION: 'the mail server closed the connection',
  ESOCKET: 'the connection failed, or the certificate of the mail server is not trusted',
  ETIMEDOUT: 'the mail server did not answer in time',
  ETLS: 'the mail server offers no usable encryption (STARTTLS)',
  EENVELOPE: 'the mail server refuses the sender or the recipient',
  EMESSAGE: 'the mail server refuses the message',
};

/** One mail in plain text to one person. */
export interface Mail {
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
}

/**
 * Sends mail through the configured server. Unless `notifications.smtp.use_tls` is off, nothing but the greeting
 * is ever sent unencrypted, and the certificate must be valid for the host: it fails instead.
 */
@Injectable()
export class Mailer {
  constructor(private readonly config: NotificationsConfig) {}

  /** Hands one mail over; returns when the server took responsibility for it. Throws {@link MailNotSent}. */
  async send({ to, subject, text }: Mail): Promise<void> {
    Transactions.assertNone('mail');
    if (!ADDRESS.test(to.address)) throw new MailNotSent('the address is not one of a mailbox', true);
    const transport = createTransport(this.options());
    try {
      await transport.sendMail({
        from: { name: '', address: this.config.smtpFrom ?? '' },
        to: { name: oneLine(to.name), address: to.address },
        subject: oneLine(subject),
        text,
        headers: { 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
      });
    } catch (error) {
      throw notSent(error);
    } finally {
      transport.close();
    }
  }

  private options() {
    const { smtpHost: host, smtpPort: port, smtpUsername: user, smtpPassword: pass = '' } = this.config;
    const isEncrypted = this.config.smtpUseTls;
    return {
      host,
      port,
      secure: isEncrypted && port === TLS_PORT,
      requireTLS: isEncrypted && port !== TLS_PORT,
      ignoreTLS: !isEncrypted,
      opportunisticTLS: false,
      tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' as const },
      ...(user !== undefined && { auth: { user, pass } }),
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      dnsTimeout: TIMEOUT_MS,
      logger: false as const,
    };
  }
}

/** Control characters could begin a header of their own. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}

function notSent(error: unknown): MailNotSent {
  const { code = '', responseCode } = error as { code?: string; responseCode?: number };
  const reason = REASONS[code] ?? 'the mail server cannot be used';
  const answer = responseCode === undefined ? '' : ` (${responseCode})`;
  return new MailNotSent(reason + answer, code === 'EENVELOPE' || code === 'EMESSAGE');
}
