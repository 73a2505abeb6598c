import * as openpgp from 'openpgp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../../../support/test-app.js';

describe('GET /api/v1/signing-key', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_AUTH_ANONYMOUS_READ: 'false' });
  });
  afterAll(() => app?.stop());

  it('shows the public key of the registry to everybody, also of a private one (checklist 84, 94)', async () => {
    for (const key of [undefined, app.publisherKey, 'nonsense']) {
      const answer = await app.request('/api/v1/signing-key', { key });
      expect(answer.status).toBe(200);
      const body = answer.json<Record<'fingerprint' | 'key_id' | 'ascii_armor', string>>();
      expect(Object.keys(body)).toEqual(['fingerprint', 'key_id', 'ascii_armor']);
      const read = await openpgp.readKey({ armoredKey: body.ascii_armor });
      expect(read.isPrivate()).toBe(false);
      expect(body.fingerprint).toBe(read.getFingerprint().toUpperCase());
      expect(body.key_id).toBe(body.fingerprint.slice(-16));
    }
  });

  it('shows an RSA key of the version 4, which every client reads (checklist 81)', async () => {
    const { ascii_armor } = (await app.request('/api/v1/signing-key')).json<{ ascii_armor: string }>();
    const read = await openpgp.readKey({ armoredKey: ascii_armor });
    expect(read.keyPacket.version).toBe(4);
    expect(read.getAlgorithmInfo().algorithm).toMatch(/^rsa/);
    expect(read.getAlgorithmInfo().bits).toBeGreaterThanOrEqual(2048);
    expect(await read.getExpirationTime()).toBe(Infinity);
  });
});
