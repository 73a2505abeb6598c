import { Setting } from './setting.decorator.js';

/** Mail, and what it is sent for. */
export class NotificationsConfig {
  @Setting({
    key: 'notifications.enabled',
    type: 'bool',
    description: 'Sends a mail to the owner of an API key before it expires.',
  })
  readonly enabled: boolean = false;

  @Setting({
    key: 'notifications.smtp.host',
    type: 'string',
    description: 'Mail server; needed when enabled.',
  })
  readonly smtpHost: string | undefined = undefined;

  @Setting({
    key: 'notifications.smtp.port',
    type: 'int',
    min: 1,
    max: 65_535,
    description: 'Port of the mail server: STARTTLS is demanded, on 465 TLS from the first byte.',
  })
  readonly smtpPort: number = 587;

  @Setting({
    key: 'notifications.smtp.username',
    type: 'string',
    description: 'Account at the mail server; without it nobody signs in there.',
  })
  readonly smtpUsername: string | undefined = undefined;

  @Setting({ key: 'notifications.smtp.password', type: 'secret', description: 'Password of that account.' })
  readonly smtpPassword: string | undefined = undefined;

  @Setting({
    key: 'notifications.smtp.from',
    type: 'string',
    description: 'Address of the sender; needed when enabled.',
  })
  readonly smtpFrom: string | undefined = undefined;

  @Setting({
    key: 'notifications.smtp.use_tls',
    type: 'bool',
    description: 'false sends mail and password in plain text; true never does, it fails instead.',
  })
  readonly smtpUseTls: boolean = true;

  @Setting({
    key: 'notifications.api_key_expiry_warning_days',
    type: 'int',
    min: 1,
    max: 365,
    description: 'How many days before its end the owner of an API key is warned.',
  })
  readonly warningDays: number = 7;

  @Setting({
    key: 'notifications.api_key_expiry_check_interval_hours',
    type: 'int',
    min: 1,
    max: 168,
    description: 'How often expiring API keys are looked for.',
  })
  readonly checkIntervalHours: number = 24;
}
