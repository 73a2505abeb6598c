import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConfigProblems } from './config-problems.js';
import { loadConfig, type LoadedConfig } from './load-config.js';

const SECRETS = {
  TFR_DATABASE_URL: 'postgres://registry@db.test/registry',
  ENCRYPTION_KEY: `hex:${randomBytes(32).toString('hex')}`,
  TFR_JWT_SECRET: randomBytes(32).toString('hex'),
};
const SMTP = {
  TFR_NOTIFICATIONS_ENABLED: 'true',
  TFR_NOTIFICATIONS_SMTP_HOST: 'mail.test',
  TFR_NOTIFICATIONS_SMTP_FROM: 'registry@example.com',
};

const load = (env: Record<string, string>): LoadedConfig =>
  loadConfig({ env: { ...SECRETS, ...env }, argv: [], cwd: import.meta.dirname });

function problemsOf(env: Record<string, string>): string {
  try {
    load(env);
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigProblems);
    return (error as ConfigProblems).message;
  }
}

describe('the settings of notifications', () => {
  it('are off by default, and encrypted', () => {
    expect(load({}).config.notifications).toEqual({
      enabled: false,
      smtpHost: undefined,
      smtpPort: 587,
      smtpUsername: undefined,
      smtpPassword: undefined,
      smtpFrom: undefined,
      smtpUseTls: true,
      warningDays: 7,
      checkIntervalHours: 24,
    });
  });

  it('need a server and a sender when they are on, and a password for an account', () => {
    const problems = problemsOf({
      TFR_NOTIFICATIONS_ENABLED: 'true',
      TFR_NOTIFICATIONS_SMTP_USERNAME: 'registry',
    });
    for (const name of ['smtp.host', 'smtp.from', 'smtp.password'])
      expect(problems).toContain(`notifications.${name}`);
    expect(problemsOf(SMTP)).toBe('');
  });

  it.each(['registry', 'Registry <registry@example.com>', 'a@b.test, c@d.test', 'a@b.test\nBcc: c@d.test'])(
    'take one address as sender, not %j',
    (address) => {
      expect(problemsOf({ ...SMTP, TFR_NOTIFICATIONS_SMTP_FROM: address })).toContain(
        'notifications.smtp.from',
      );
    },
  );

  const limits: [string, number, number][] = [
    ['TFR_NOTIFICATIONS_SMTP_PORT', 1, 65_535],
    ['TFR_NOTIFICATIONS_API_KEY_EXPIRY_WARNING_DAYS', 1, 365],
    ['TFR_NOTIFICATIONS_API_KEY_EXPIRY_CHECK_INTERVAL_HOURS', 1, 168],
  ];
  it.each(limits)('keep %s between %d and %d', (name, least, most) => {
    for (const value of [least, most]) expect(problemsOf({ ...SMTP, [name]: String(value) })).toBe('');
    for (const value of [least - 1, most + 1])
      expect(problemsOf({ ...SMTP, [name]: String(value) })).not.toBe('');
  });

  it('warn of plain text, and of an interval that leaves keys out', () => {
    const { warnings } = load({
      ...SMTP,
      TFR_NOTIFICATIONS_SMTP_USE_TLS: 'false',
      TFR_NOTIFICATIONS_API_KEY_EXPIRY_WARNING_DAYS: '1',
      TFR_NOTIFICATIONS_API_KEY_EXPIRY_CHECK_INTERVAL_HOURS: '25',
    });
    expect(warnings.join('\n')).toMatch(/plain text/);
    expect(warnings.join('\n')).toMatch(/expire without a warning/);
  });
});
