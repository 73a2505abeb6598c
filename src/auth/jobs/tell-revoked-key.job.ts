import { Injectable, Logger } from '@nestjs/common';
import { NotificationsConfig } from '../../config/notifications.config.js';
import { ServerConfig } from '../../config/server.config.js';
import { Job } from '../../platform/jobs/job.js';
import { MailNotSent } from '../../platform/mail/mail.errors.js';
import { type Mail, Mailer } from '../../platform/mail/mailer.js';
import { ApiKeyLifeRepository, type RevokedKey } from '../persistence/api-key-life.repository.js';

export const TELL_REVOKED_KEY = 'tell-revoked-key';

/**
 * Tells the owner of an API key that somebody else revoked it. Tried again while the mail server cannot be used; an
 * address that is refused is logged, and that is all.
 */
@Injectable()
export class TellRevokedKeyJob extends Job<{ readonly keyId: string }> {
  readonly name = TELL_REVOKED_KEY;
  private readonly logger = new Logger('ApiKeys');

  constructor(
    private readonly keys: ApiKeyLifeRepository,
    private readonly mailer: Mailer,
    private readonly config: NotificationsConfig,
    private readonly server: ServerConfig,
  ) {
    super();
  }

  async run({ keyId }: { readonly keyId: string }): Promise<void> {
    if (!this.config.enabled) return;
    const key = await this.keys.findRevoked(keyId);
    if (key === undefined) return;
    try {
      await this.mailer.send(this.mailAbout(key));
    } catch (error) {
      if (!(error instanceof MailNotSent) || !error.isOfRecipient) throw error;
      this.logger.warn({
        message: 'An owner could not be told of a revoked API key',
        key: key.id,
        reason: error.message,
      });
    }
  }

  private mailAbout(key: RevokedKey): Mail {
    const time = `${key.revokedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    return {
      to: { name: key.ownerName, address: key.ownerEmail },
      subject: `Your API key "${key.name}" was revoked`,
      text: [
        `Hello ${key.ownerName},`,
        `your API key "${key.name}" (${key.keyPrefix}…) of the organization ${key.organizationName} at`,
        `${this.server.publicUrl} was revoked on ${time} by somebody else. What uses it is refused.`,
        '',
        'If it was found in a public place, look for what was done with it in the audit log. Make another key where',
        'it is still needed.',
        '',
      ].join('\n'),
    };
  }
}
