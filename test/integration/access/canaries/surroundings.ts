import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { CiIssuer } from '../../../support/fakes/ci-issuer.js';
import { FakeS3 } from '../../../support/fakes/s3/fake-s3.js';
import { LyingIdentityProvider } from '../../../support/fakes/identity-provider-liar.js';
import { SmtpMailbox } from '../../../support/smtp-mailbox.js';
import { CLIENT_ID, oidcSettings } from '../../auth/support/sign-in.js';
import type { Canaries } from './canaries.js';
import type { Place } from './places.js';

/** The client that the setup stores; the other one is in the settings. */
export const STORED_CLIENT = 'stored-client';

/** Every other server that the registry talks to; each knows a secret, and most repeat it when they refuse. */
export class Surroundings {
  readonly webhook = new WebhookReceiver();
  /** Knows the secret of the settings. */
  fileProvider!: LyingIdentityProvider;
  /** Knows the secret that the setup stores. */
  storedProvider!: LyingIdentityProvider;
  pipelines!: CiIssuer;
  mailbox!: SmtpMailbox;
  /** Where objects can be stored; its secret is stored. */
  s3!: FakeS3;
  /** The password that the mail server takes for right. */
  readonly account = { user: 'registry', password: 'not known yet' };
  settings!: Record<string, string>;

  static async start(canaries: Canaries): Promise<Surroundings> {
    const made = new Surroundings();
    made.fileProvider = await LyingIdentityProvider.start(CLIENT_ID);
    made.storedProvider = await LyingIdentityProvider.start(STORED_CLIENT);
    made.storedProvider.person = { sub: 'bob', email: 'bob@example.com', email_verified: true, name: 'Bob' };
    made.pipelines = await CiIssuer.start('/_services/token');
    made.s3 = await FakeS3.start();
    made.mailbox = await SmtpMailbox.open({ account: made.account });
    await made.webhook.start();
    made.settings = made.settingsWith(canaries);
    return made;
  }

  async stop(): Promise<void> {
    await Promise.all([
      this.fileProvider.stop(),
      this.storedProvider.stop(),
      this.pipelines.stop(),
      this.mailbox.close(),
      this.s3.stop(),
      this.webhook.stop(),
    ]);
  }

  /** What reached the others and may hold no secret. */
  get places(): Place[] {
    const { mails } = this.mailbox;
    return [
      ...mails.map(({ source }, at): Place => ({
        kind: 'mail',
        name: `mail ${at + 1}`,
        text: unfolded(source),
      })),
      ...this.webhook.bodies.map((text, at): Place => ({
        kind: 'shipped records',
        name: `batch ${at + 1}`,
        text,
      })),
    ];
  }

  private settingsWith(canaries: Canaries): Record<string, string> {
    const header = canaries.invent('webhook header');
    const shippers = [
      { type: 'webhook', webhook: { url: this.webhook.url, headers: { Authorization: 'Bearer ${HEADER}' } } },
    ];
    return {
      ...this.pipelines.settings,
      ...oidcSettings(this.fileProvider.issuer),
      TFR_SECURITY_EGRESS_ALLOWLIST: '127.0.0.1,localhost',
      TFR_AUTH_OIDC_CLIENT_SECRET: canaries.invent('OIDC client secret of the settings'),
      TFR_STORAGE_S3_BUCKET: 'of-the-settings',
      TFR_STORAGE_S3_REGION: 'eu-test-1',
      TFR_STORAGE_S3_ENDPOINT: 'http://127.0.0.1:1',
      TFR_STORAGE_S3_ACCESS_KEY_ID: canaries.invent('S3 access key of the settings'),
      TFR_STORAGE_S3_SECRET_ACCESS_KEY: canaries.invent('S3 secret key of the settings'),
      TFR_STORAGE_AZURE_ACCOUNT_KEY: canaries.invent('Azure account key of the settings'),
      TFR_STORAGE_GCS_CREDENTIALS_JSON: `{"private_key":"${canaries.invent('Google key of the settings')}"}`,
      TFR_AUTH_ANONYMOUS_READ: 'false',
      TFR_AUTH_LOGIN_ENABLED: 'true',
      TFR_AUTH_SESSION_BROWSER_TOKEN: 'jwt',
      TFR_AUTH_LOCAL_MAX_FAILURES: '1000',
      TFR_AUDIT_LOG_READ_OPERATIONS: 'true',
      TFR_AUDIT_LOG_FAILED_REQUESTS: 'true',
      TFR_AUDIT_SHIPPERS: JSON.stringify(shippers),
      HEADER: header,
      TFR_LOGGING_LEVEL: 'debug',
      TFR_DATABASE_PASSWORD: canaries.invent('database password'),
      ENCRYPTION_KEY: `hex:${canaries.plant('encryption key', randomBytes(32).toString('hex'))}`,
      TFR_JWT_SECRET: canaries.plant('JWT secret', randomBytes(32).toString('hex')),
      TFR_NOTIFICATIONS_ENABLED: 'true',
      TFR_NOTIFICATIONS_SMTP_HOST: '127.0.0.1',
      TFR_NOTIFICATIONS_SMTP_PORT: String(this.mailbox.port),
      TFR_NOTIFICATIONS_SMTP_USERNAME: this.account.user,
      TFR_NOTIFICATIONS_SMTP_PASSWORD: canaries.invent('SMTP password'),
      TFR_NOTIFICATIONS_SMTP_FROM: 'registry@example.com',
      TFR_NOTIFICATIONS_SMTP_USE_TLS: 'false',
    };
  }
}

/** A mail as it came, and without the line breaks that mail puts into long lines. */
function unfolded(source: string): string {
  return `${source}\n${source.replaceAll(/=\r?\n/g, '')}\n${source.replaceAll(/\r?\n[ \t]/g, '')}`;
}

/** Takes audit records; while it `refuses`, it repeats what it was sent. */
class WebhookReceiver {
  readonly bodies: string[] = [];
  readonly authorizations: string[] = [];
  refuses = false;
  private readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.bodies.push(Buffer.concat(chunks).toString());
      this.authorizations.push(String(request.headers.authorization));
      response.writeHead(this.refuses ? 500 : 200, { 'x-seen': String(request.headers.authorization) });
      response.end(JSON.stringify(request.headers));
    });
  });

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/records`;
  }

  start(): Promise<void> {
    return new Promise((done) => this.server.listen(0, '127.0.0.1', done));
  }

  stop(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(done));
  }
}
