import { describe, expect, it } from 'vitest';
import { ConfigProblems } from './config-problems.js';
import { loadConfig } from './load-config.js';

const TEST_ONLY = 'TEST ONLY hook credential';

function load(shippers: unknown, more: Record<string, string> = {}) {
  const env = { DEV_MODE: 'true', TFR_AUDIT_SHIPPERS: JSON.stringify(shippers), ...more };
  return loadConfig({ env, argv: [], cwd: '/nonexistent', generateSecrets: false });
}

function problemsOf(shippers: unknown, more: Record<string, string> = {}): string {
  try {
    load(shippers, more);
  } catch (error) {
    if (error instanceof ConfigProblems) return error.message;
    throw error;
  }
  return '';
}

describe('audit.shippers', () => {
  it('is complete with few words, and leaves out what is not enabled', () => {
    const { audit } = load([
      { type: 'syslog', syslog: { address: 'log.example.com:514' } },
      { type: 'syslog', syslog: { network: 'unix', address: '/run/log.sock', facility: 'auth' } },
      { type: 'webhook', webhook: { url: 'https://siem.example.com/in' } },
      { type: 'file', file: { path: '/var/log/audit.log' } },
      { type: 'file', enabled: false, file: { path: '/var/log/other.log' } },
    ]).config;
    expect(audit.shippers).toMatchObject([
      { network: 'udp', host: 'log.example.com', port: 514, tag: 'terraform-registry', facility: 16 },
      { network: 'unix', path: '/run/log.sock', facility: 4 },
      { timeoutMs: 10_000, batchSize: 100, flushIntervalMs: 5_000, headers: {} },
      { path: '/var/log/audit.log', maxBytes: 100 * 1024 ** 2, maxBackups: 5 },
    ]);
  });

  it('takes header values from the environment and never prints them', () => {
    const webhook = {
      url: 'https://siem.example.com/in',
      headers: { Authorization: 'Bearer ${HOOK_TOKEN}' },
    };
    const loaded = load([{ type: 'webhook', webhook }], { HOOK_TOKEN: TEST_ONLY });
    const [shipper] = loaded.config.audit.shippers;
    if (shipper?.type !== 'webhook') throw new Error('a webhook is expected');
    expect(shipper.headers['Authorization']!.reveal()).toBe(`Bearer ${TEST_ONLY}`);
    const line = loaded
      .describe()
      .split('\n')
      .find((one) => one.startsWith('audit.shippers'));
    expect(line).toContain('"Authorization":"***"');
    expect(`${loaded.describe()}${String(shipper.headers['Authorization'])}`).not.toContain(TEST_ONLY);
  });

  it.each<[string, unknown, string]>([
    ['no list', {}, 'a list of shippers'],
    ['an unknown type', [{ type: 'mail' }], 'one of syslog, webhook, file in [0].type'],
    [
      'an unknown network',
      [{ type: 'syslog', syslog: { network: 'tls', address: 'a:1' } }],
      '[0].syslog.network',
    ],
    [
      'no port',
      [{ type: 'syslog', syslog: { address: 'log.example.com' } }],
      'host:port in [0].syslog.address',
    ],
    ['port 65536', [{ type: 'syslog', syslog: { address: 'a:65536' } }], '[0].syslog.address'],
    ['facility 24', [{ type: 'syslog', syslog: { address: 'a:1', facility: 24 } }], '[0].syslog.facility'],
    ['a tag with a space', [{ type: 'syslog', syslog: { address: 'a:1', tag: 'a b' } }], '[0].syslog.tag'],
    ['another scheme', [{ type: 'webhook', webhook: { url: 'ftp://a.test' } }], '[0].webhook.url'],
    ['batch size 0', [hook({ batch_size: 0 })], 'an integer from 1 to 1000 in [0].webhook.batch_size'],
    ['batch size 1001', [hook({ batch_size: 1001 })], '[0].webhook.batch_size'],
    ['timeout 301', [hook({ timeout_secs: 301 })], '[0].webhook.timeout_secs'],
    ['flush interval 0', [hook({ flush_interval_secs: 0 })], '[0].webhook.flush_interval_secs'],
    ['a header that is not set', [hook({ headers: { a: '${ABSENT}' } })], 'ABSENT, which is not set,'],
    ['a relative path', [{ type: 'file', file: { path: 'audit.log' } }], '[0].file.path'],
    ['size 0', [{ type: 'file', file: { path: '/a', max_size_mb: 0 } }], '[0].file.max_size_mb'],
    ['1001 backups', [{ type: 'file', file: { path: '/a', max_backups: 1001 } }], '[0].file.max_backups'],
    ['one destination twice', [hook({}), hook({})], 'different destinations'],
  ])('refuses %s and says where', (_, shippers, expected) => {
    expect(problemsOf(shippers)).toContain(expected);
  });

  it.each([
    ['batch size 1', { batch_size: 1 }],
    ['batch size 1000', { batch_size: 1_000 }],
    ['timeout 300', { timeout_secs: 300 }],
    ['flush interval 3600', { flush_interval_secs: 3_600 }],
  ])('accepts %s', (_, more) => {
    expect(problemsOf([hook(more)])).toBe('');
  });

  it('quotes no header in a problem', () => {
    const problems = problemsOf([hook({ headers: { Authorization: `${TEST_ONLY}\n` } })]);
    expect(problems).toContain('[0].webhook.headers.Authorization');
    expect(problems).not.toContain(TEST_ONLY);
    const broken = problemsOf('', { TFR_AUDIT_SHIPPERS: `[{"${TEST_ONLY}"` });
    expect(broken).toContain('audit.shippers');
    expect(broken).not.toContain(TEST_ONLY);
  });
});

function hook(more: object): object {
  return { type: 'webhook', webhook: { url: 'https://siem.example.com/in', ...more } };
}
