import { describe, expect, it } from 'vitest';
import { redact } from './audit-redaction.js';

describe('what the audit log takes out by itself (J4)', () => {
  it.each([
    ...['password', 'newPassword', 'client_secret', 'webhook_secret', 'token', 'refresh_token', 'idToken'],
    ...['api_key', 'apiKey', 'key', 'private_key', 'Authorization', 'set-cookie', 'key_hash', 'salt'],
    ...[
      'code_verifier',
      'nonce',
      'credentials',
      'gcs_credentials_json',
      's3_secret_access_key',
      'csrf-token',
    ],
  ])('is the text of a field named %s', (name) => {
    expect(JSON.stringify(redact({ outer: [{ [name]: 'canary' }] }))).not.toContain('canary');
    expect(JSON.stringify(redact({ [name]: ['canary', { inner: 'canary' }] }))).not.toContain('canary');
  });

  it('is every credential inside other text', () => {
    const found = redact({
      note: 'sent Bearer abcdefghijklmnop and tfr_0123456789012345678901234567890123456789abc',
      link: 'https://user:canary@example.com/?signature=canary',
    });
    expect(JSON.stringify(found)).not.toMatch(/canary|abcdefghijklmnop|0123456789/);
  });

  it('is not what only sounds like a secret', () => {
    const harmless = {
      key_id: 'ABCDEF',
      key_prefix: 'tfr_ab',
      key_fingerprint: '00FF',
      has_password: true,
      must_change_password: false,
      token: null,
      name: 'monkey',
      version: '1.0.0',
      digest: 'a'.repeat(64),
      count: 3,
    };
    expect(redact(harmless)).toEqual(harmless);
  });

  it('gives plain JSON for anything', () => {
    const circular: Record<string, unknown> = { date: new Date(0), big: 10n, no: undefined, nan: Number.NaN };
    circular['self'] = circular;
    const found = redact(circular) as Record<string, unknown>;
    expect(found).toMatchObject({ date: '1970-01-01T00:00:00.000Z', big: '10', nan: null });
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });
});
