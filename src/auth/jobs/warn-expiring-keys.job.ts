import { Injectable, Logger } from '@nestjs/common';
import { NotificationsConfig } from '../../config/notifications.config.js';
import { ServerConfig } from '../../config/server.config.js';
import { Job } from '../../platform/jobs/job.js';
import { MailNotSent } from '../../platform/mail/mail.errors.js';
import { type Mail, Mailer } from '../../platform/mail/mailer.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { ApiKeyLifeRepository, type ExpiringKey } from '../persistence/api-key-life.repository.js';

/**
 * Tells the owners of API keys that these expire soon: one mail for each key and each end. A warning is claimed,
 * sent and then marked, so a crash in between repeats it after some minutes, and nothing leaves it out.
 */
@Injectable()
export class WarnExpiringKeysJob extends Job {
  readonly name = 'warn-expiring-keys';
  private readonly logger = new Logger('ApiKeys');

  constructor(
    private readonly keys: ApiKeyLifeRepository,
    private readonly mailer: Mailer,
    private readonly metrics: Metrics,
    private readonly config: NotificationsConfig,
    private readonly server: ServerConfig,
  ) {
    super();
  }

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    if (!this.config.enabled) return;
    for (const key of await this.keys.listExpiring(this.config.warningDays)) {
      if (signal.aborted) return;
      if (!(await this.keys.claimWarning(key))) continue;
      try {
        await this.mailer.send(this.mailAbout(key));
      } catch (error) {
        await this.keys.releaseWarning(key);
        if (!(error instanceof MailNotSent)) throw error;
        this.logger.warn({
          message: 'An owner could not be warned of an expiring API key',
          key: key.id,
          reason: error.message,
        });
        // The server itself cannot be used: the next run tries again.
        if (!error.isOfRecipient) return;
        continue;
      }
      this.metrics.countExpiryNotification();
      await this.keys.markWarned(key);
    }
  }

  private mailAbout(key: ExpiringKey): Mail {
    const end = `${key.expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    const { publicUrl } = this.server;
    return {
      to: { name: key.ownerName, address: key.ownerEmail },
      subject: `Your API key "${key.name}" expires on ${end.slice(0, 10)}`,
      text: [
        `Hello ${key.ownerName},`,
        `your API key "${key.name}" (${key.keyPrefix}…) of the organization ${key.organizationName} at`,
        `${publicUrl} expires on ${end}. What uses it will be refused from then on.`,
        '',
        'Rotate the key, or give it a later end, if it is still needed. Otherwise there is nothing to do.',
        '',
      ].join('\n'),
    };
  }
}
