import type { AddressInfo } from 'node:net';
import { type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import type { TestTls } from './tls.js';

/** A mail as the server took it. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly isEncrypted: boolean;
  readonly user: string | undefined;
  readonly source: string;
}

/** How the server behaves. */
export interface MailboxOptions {
  /** Certificate for STARTTLS, or for TLS from the first byte. */
  readonly tls?: TestTls;
  readonly isImplicitTls?: boolean;
  /** Does not offer STARTTLS. */
  readonly hidesStartTls?: boolean;
  readonly account?: { readonly user: string; readonly password: string };
  /** Answers 550 to these recipients. */
  readonly refuses?: (address: string) => boolean;
}

/** A real mail server on a free port of every loopback address, and what reached it. */
export class SmtpMailbox {
  readonly mails: ReceivedMail[] = [];
  /** The accounts that somebody tried. */
  readonly signIns: string[] = [];
  connections = 0;

  private constructor(
    private readonly server: SMTPServer,
    readonly port: number,
  ) {}

  static async open(options: MailboxOptions): Promise<SmtpMailbox> {
    const { tls, account, isImplicitTls = false, hidesStartTls = false } = options;
    const server: SMTPServer = new SMTPServer({
      secure: isImplicitTls,
      ...(tls && { key: tls.key, cert: tls.cert }),
      hideSTARTTLS: hidesStartTls,
      disabledCommands: [...(hidesStartTls ? ['STARTTLS'] : []), ...(account ? [] : ['AUTH'])],
      authOptional: account === undefined,
      allowInsecureAuth: true,
      logger: false,
      onConnect(_session, done) {
        box.connections += 1;
        done();
      },
      onAuth({ username = '', password = '' }, _session, done) {
        box.signIns.push(username);
        const isRight = username === account?.user && password === account.password;
        if (isRight) done(null, { user: username });
        else done(new Error('Wrong account'));
      },
      onRcptTo({ address }, _session, done) {
        const isRefused = options.refuses?.(address) === true;
        done(isRefused ? Object.assign(new Error('No such mailbox'), { responseCode: 550 }) : null);
      },
      onData(stream, session, done) {
        void text(stream as Readable).then((source) => {
          const { mailFrom, rcptTo } = session.envelope;
          box.mails.push({
            from: mailFrom === false ? '' : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            isEncrypted: session.secure,
            user: session.user as string | undefined,
            source,
          });
          done();
        });
      },
    });
    // A client that does not trust the certificate hangs up; that is no error of the test.
    server.on('error', () => undefined);
    await new Promise<void>((ready) => server.listen(0, '0.0.0.0', () => ready()));
    const box = new SmtpMailbox(server, (server.server.address() as AddressInfo).port);
    return box;
  }

  close(): Promise<void> {
    return new Promise((done) => this.server.close(() => done()));
  }
}
