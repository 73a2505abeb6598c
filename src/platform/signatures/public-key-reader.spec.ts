import { enums, generateKey, revokeKey, type EllipticCurveName, type KeyOptions } from 'openpgp';
import { describe, expect, it } from 'vitest';
import { OpenPgpVerifier } from './openpgp-verifier.js';
import { publicKeyState } from './public-key-info.js';
import { InvalidPublicKey } from './signatures.errors.js';

const verifier = new OpenPgpVerifier();
const userIDs = [{ name: 'Test only', email: 'test@example.com' }];

const make = (options: Omit<KeyOptions, 'userIDs' | 'format'>) =>
  generateKey({ userIDs, ...options, format: 'armored' } as KeyOptions & { format: 'armored' });
const ecc = (curve: EllipticCurveName, more: Partial<KeyOptions> = {}) =>
  make({ type: 'ecc', curve, ...more });

async function refusal(armor: string): Promise<string> {
  const error = await verifier.readPublicKey(armor).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(InvalidPublicKey);
  return (error as Error).message;
}

describe('reading a public key', () => {
  const accepted: [string, () => Promise<{ publicKey: string }>][] = [
    ['RSA 2048', () => make({ type: 'rsa', rsaBits: 2048 })],
    ['EdDSA Ed25519', () => ecc('ed25519Legacy')],
    ['ECDSA P-256', () => ecc('nistP256')],
    ['ECDSA P-384', () => ecc('nistP384')],
    ['ECDSA P-521', () => ecc('nistP521')],
  ];
  it.each(accepted)('accepts %s (checklist 81)', async (algorithm, key) => {
    const { publicKey } = await key();
    const info = await verifier.readPublicKey(`\r\n${publicKey}\n`);
    expect(info).toMatchObject({ algorithm, expiresAt: null, isRevoked: false });
    expect(info.fingerprint).toMatch(/^[0-9A-F]{40}$/);
    expect(info.keyId).toBe(info.fingerprint.slice(-16));
    expect(await verifier.readPublicKey(info.armor)).toEqual(info);
  });

  const refused: [string, RegExp, () => Promise<{ publicKey: string }>][] = [
    ['the new Ed25519 (algorithm id 27)', /RFC 9580/, () => make({ type: 'curve25519' })],
    ['the new Ed448 (algorithm id 28)', /RFC 9580/, () => make({ type: 'curve448' })],
    ['version 6', /use version 4/, () => make({ type: 'rsa', rsaBits: 2048, config: { v6Keys: true } })],
    [
      'RSA with 1024 bits',
      /at least 2048 bits/,
      () => make({ type: 'rsa', rsaBits: 1024, config: { minRSABits: 1024 } }),
    ],
    [
      'a self-signature with SHA-1',
      /self-signature/,
      () =>
        make({
          type: 'rsa',
          rsaBits: 2048,
          config: { preferredHashAlgorithm: enums.hash.sha1, nonDeterministicSignaturesViaNotation: false },
        }),
    ],
    [
      'a subkey that clients cannot read (algorithm id 25)',
      /x25519/,
      () => ecc('ed25519Legacy', { subkeys: [{ type: 'curve25519' }] }),
    ],
  ];
  it.each(refused)('refuses %s (checklist 81)', async (_, reason, key) => {
    const { publicKey } = await key();
    const message = await refusal(publicKey);
    expect(message).toMatch(/^Invalid GPG public key: /);
    expect(message).toMatch(reason);
  });

  it('refuses a private key and does not repeat it', async () => {
    const { privateKey } = await ecc('ed25519Legacy');
    const message = await refusal(privateKey);
    expect(message).toMatch(/private key/);
    expect(message).not.toContain(privateKey.split('\n')[3]!);
    const disguised = privateKey.replaceAll('PRIVATE', 'PUBLIC');
    expect(await refusal(disguised)).toMatch(/private key|cannot be read/);
  });

  it('refuses several keys, text around the block, cut and empty blocks (checklist 82)', async () => {
    const [first, second] = await Promise.all([ecc('ed25519Legacy'), ecc('ed25519Legacy')]);
    const armor = first.publicKey;
    await refusal(armor + second.publicKey);
    await refusal(`${armor}more`);
    await refusal(`more\n${armor}`);
    await refusal(armor.slice(0, armor.length / 2));
    await refusal(armor.replace(/\n[A-Za-z0-9+/]{40}/, '\n'));
    await refusal('');
    await refusal('not a key');
    await refusal('-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----');
    expect(await refusal('x'.repeat(200_000))).toMatch(/128 KiB/);
  });

  it('says when a key expires or expired, and that it is revoked (checklist 85)', async () => {
    const date = new Date(Date.now() - 48 * 3600_000);
    const key = await generateKey({
      type: 'ecc',
      curve: 'ed25519Legacy',
      userIDs,
      date,
      keyExpirationTime: 3600,
      format: 'object',
    });
    const info = await verifier.readPublicKey(key.publicKey.armor());
    expect(info.expiresAt!.getTime() - info.createdAt.getTime()).toBe(3600_000);
    expect(publicKeyState(info, new Date())).toBe('expired');
    expect(publicKeyState(info, date)).toBe('active');
    const revoked = await revokeKey({ key: key.privateKey, format: 'armored' });
    const after = await verifier.readPublicKey(revoked.publicKey);
    expect(after).toMatchObject({ isRevoked: true, fingerprint: info.fingerprint });
    expect(publicKeyState(after, date)).toBe('revoked');
  });
});
