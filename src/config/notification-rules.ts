import type { ConfiguredValues } from './configured-values.js';

/** One address of a mailbox, without anything that could begin another header or recipient. */
const ADDRESS = /^[^\s@<>(),;:"\\[\]\p{Cc}]+@[^\s@<>(),;:"\\[\]\p{Cc}]+$/u;

/** The rules of configuration section 10 between the settings of mail. */
export function checkNotifications(values: ConfiguredValues): void {
  const { enabled, smtpHost, smtpFrom, smtpUsername, smtpPassword, smtpUseTls, ...when } =
    values.app.notifications;
  if (smtpFrom !== undefined && !ADDRESS.test(smtpFrom)) {
    values.refuse('notifications.smtp.from', 'expected the address of a mailbox, e.g. registry@example.com');
  }
  if (!enabled) return;
  const because = 'because notifications.enabled is true';
  if (smtpHost === undefined) values.refuse('notifications.smtp.host', `expected a mail server, ${because}`);
  if (smtpFrom === undefined) values.refuse('notifications.smtp.from', `expected an address, ${because}`);
  if (smtpUsername !== undefined && smtpPassword === undefined) {
    values.refuse(
      'notifications.smtp.password',
      'expected a password, because notifications.smtp.username is set',
    );
  }
  if (when.checkIntervalHours > when.warningDays * 24) {
    values.warnings.push(
      'notifications.api_key_expiry_check_interval_hours is longer than api_key_expiry_warning_days: some keys will expire without a warning.',
    );
  }
  if (!smtpUseTls) {
    values.warnings.push('notifications.smtp.use_tls is false: mail and password travel in plain text.');
  }
}
