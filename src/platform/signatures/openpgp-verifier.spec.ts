import {
  createCleartextMessage,
  createMessage,
  enums,
  generateKey,
  readSignature,
  reformatKey,
  revokeKey,
  sign,
  type PrivateKey,
  type SignOptions,
} from 'openpgp';
import { beforeAll, describe, expect, it } from 'vitest';
import { OpenPgpVerifier } from './openpgp-verifier.js';
import { InvalidSignature } from './signatures.errors.js';

const verifier = new OpenPgpVerifier();
const userIDs = [{ name: 'Test only', email: 'test@example.com' }];
const DATA = Buffer.from('0123  terraform-provider-x_1.0.0_linux_amd64.zip\n');
const HOUR = 3600_000;
const hoursAgo = (hours: number) => new Date(Date.now() - hours * HOUR);

const newKey = (more: Record<string, unknown> = {}) =>
  generateKey({ type: 'ecc', curve: 'ed25519Legacy', userIDs, format: 'object', ...more });

async function signed(
  signingKeys: PrivateKey,
  more: Partial<SignOptions> = {},
  data = DATA,
): Promise<Buffer> {
  const message = await createMessage({ binary: new Uint8Array(data) });
  const options = { message, signingKeys, detached: true, ...more };
  return Buffer.from((await sign({ ...options, format: 'binary' } as Parameters<typeof sign>[0])) as never);
}

async function refusal(signature: Buffer | string, armor: string | string[], data = DATA): Promise<string> {
  const error = await verifier
    .verifyDetached({ data, signature: Buffer.from(signature as string), armor })
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(InvalidSignature);
  expect((error as Error).message).toMatch(/^Invalid checksums: /);
  return (error as Error).message;
}

describe('verifying a detached signature', () => {
  let key: Awaited<ReturnType<typeof newKey>>;
  let armor: string;
  let good: Buffer;

  beforeAll(async () => {
    key = await newKey({ date: hoursAgo(1) });
    armor = key.publicKey.armor();
    good = await signed(key.privateKey);
  });

  it('accepts a signature over exactly the bytes (checklist 80)', async () => {
    const verified = await verifier.verifyDetached({ data: DATA, signature: good, armor });
    expect(verified).toMatchObject({ keyState: 'active', otherKeyIds: [] });
    expect(verified.key.fingerprint).toBe(key.publicKey.getFingerprint().toUpperCase());
    expect(verified.signature).toEqual(good);
  });

  it('refuses it for any other bytes', async () => {
    for (const data of [Buffer.from(`${DATA.toString()} `), Buffer.alloc(0), DATA.subarray(1)]) {
      expect(await refusal(good, armor, data)).toMatch(/does not match/);
    }
    const crlf = Buffer.from(DATA.toString().replace('\n', '\r\n'));
    expect(await refusal(good, armor, crlf)).toMatch(/does not match/);
  });

  it('converts an armored signature to binary (checklist 79)', async () => {
    const armored = (await readSignature({ binarySignature: new Uint8Array(good) })).armor();
    const verified = await verifier.verifyDetached({ data: DATA, signature: Buffer.from(armored), armor });
    expect(verified.signature).toEqual(good);
    expect(await refusal(`${armored}junk`, armor)).toMatch(/nothing else/);
    expect(await refusal(`junk${armored}`, armor)).toMatch(/nothing else/);
  });

  it('refuses text mode, also when it would match (checklist 79)', async () => {
    const message = await createMessage({ text: DATA.toString() });
    expect(await refusal(await signed(key.privateKey, { message }), armor)).toMatch(/text mode/);
  });

  it('refuses what is not a detached signature (checklist 79)', async () => {
    const inline = await signed(key.privateKey, { detached: false });
    const cleartext = await sign({
      message: await createCleartextMessage({ text: DATA.toString() }),
      signingKeys: key.privateKey,
    });
    expect(await refusal(cleartext as string, armor)).toMatch(/cleartext/);
    for (const bytes of [inline, Buffer.from('garbage'), good.subarray(0, 40), Buffer.from([0xc2, 0])]) {
      await refusal(bytes, armor);
    }
    expect(await refusal(Buffer.alloc(0), armor)).toMatch(/empty/);
    expect(await refusal(Buffer.alloc(70_000, 0xc2), armor)).toMatch(/64 KiB/);
    await refusal(Buffer.concat([good, Buffer.from('garbage')]), armor);
  });

  it('refuses a changed signature, whichever byte was changed', async () => {
    for (let index = 0; index < good.length; index += 3) {
      const changed = Buffer.from(good);
      changed[index]! ^= 0x04;
      const outcome = await verifier.verifyDetached({ data: DATA, signature: changed, armor }).then(
        ({ key: signer }) => signer.fingerprint,
        (error: unknown) => error,
      );
      // Bytes outside the hashed part (the unhashed key id) may change without harm; the key stays the same.
      if (typeof outcome === 'string') expect(outcome).toBe(key.publicKey.getFingerprint().toUpperCase());
      else expect(outcome).toBeInstanceOf(InvalidSignature);
    }
  });

  it('refuses a signature of another key, and finds the right one of several', async () => {
    const other = await newKey();
    const theirs = await signed(other.privateKey);
    expect(await refusal(theirs, armor)).toMatch(/another key \([0-9A-F]{16}\)/);
    const armors = [armor, other.publicKey.armor()];
    const verified = await verifier.verifyDetached({ data: DATA, signature: theirs, armor: armors });
    expect(verified.key.fingerprint).toBe(other.publicKey.getFingerprint().toUpperCase());
    expect(await refusal(theirs, [])).toMatch(/another key/);
  });

  it('accepts further signatures of unknown keys and names them, but none of ours that is wrong', async () => {
    const other = await newKey();
    const both = Buffer.concat([await signed(other.privateKey), good]);
    const verified = await verifier.verifyDetached({ data: DATA, signature: both, armor });
    expect(verified.otherKeyIds).toEqual([other.publicKey.getKeyID().toHex().toUpperCase()]);
    const wrong = await signed(key.privateKey, {}, Buffer.from('other bytes'));
    expect(await refusal(Buffer.concat([good, wrong]), armor)).toMatch(/does not match/);
    expect(await refusal(Buffer.concat(Array.from({ length: 17 }, () => good)), armor)).toMatch(
      /more than 16/,
    );
  });

  it('accepts a signature of a signing subkey, and refuses it when the subkey is revoked', async () => {
    const withSubkey = await newKey({ subkeys: [{ sign: true }, { sign: true }], date: hoursAgo(2) });
    const signature = await signed(withSubkey.privateKey);
    const verified = await verifier.verifyDetached({
      data: DATA,
      signature,
      armor: withSubkey.publicKey.armor(),
    });
    expect(verified.key.fingerprint).toBe(withSubkey.publicKey.getFingerprint().toUpperCase());
    const subkey = withSubkey.privateKey.subkeys[0]!;
    expect((await readSignature({ binarySignature: new Uint8Array(signature) })).getSigningKeyIDs()).toEqual([
      subkey.getKeyID(),
    ]);
    const flag = enums.reasonForRevocation.keyRetired;
    withSubkey.privateKey.subkeys[0] = await subkey.revoke(withSubkey.privateKey.keyPacket as never, {
      flag,
    });
    const revoked = withSubkey.privateKey.toPublic().armor();
    expect(await refusal(signature, revoked)).toMatch(/subkey .* is revoked/);
  });

  it('refuses SHA-1 signatures', async () => {
    const config = {
      preferredHashAlgorithm: enums.hash.sha1,
      nonDeterministicSignaturesViaNotation: false,
    };
    const rsa = await newKey({ type: 'rsa', curve: undefined, rsaBits: 2048, subkeys: [] });
    const message = await createMessage({ binary: new Uint8Array(DATA) });
    for (const { selfCertifications } of rsa.privateKey.users) {
      for (const certification of selfCertifications) {
        certification.preferredHashAlgorithms = [enums.hash.sha1];
      }
    }
    const signature = await signed(rsa.privateKey, { config, message });
    const read = await readSignature({ binarySignature: new Uint8Array(signature) });
    expect(read.packets[0]).toMatchObject({ hashAlgorithm: enums.hash.sha1 });
    expect(await refusal(signature, rsa.publicKey.armor())).toMatch(/SHA-1/);
  });
});

describe('the life of a key that signed (checklist 85)', () => {
  it('counts a signature made while the key was valid, and shows that it has expired', async () => {
    const key = await newKey({ date: hoursAgo(48), keyExpirationTime: 24 * 3600 });
    const signature = await signed(key.privateKey, { date: hoursAgo(36) });
    const verified = await verifier.verifyDetached({ data: DATA, signature, armor: key.publicKey.armor() });
    expect(verified.keyState).toBe('expired');
  });

  it('refuses a signature made after the key had expired', async () => {
    const key = await newKey({ date: hoursAgo(48) });
    const signature = await signed(key.privateKey);
    const expired = await reformatKey({
      privateKey: key.privateKey,
      userIDs,
      date: hoursAgo(48),
      keyExpirationTime: 24 * 3600,
      format: 'object',
    });
    expect(await refusal(signature, expired.publicKey.armor())).toMatch(/expired/);
  });

  it('counts an older signature of a key whose life was extended later', async () => {
    const key = await newKey({ date: hoursAgo(48) });
    const signature = await signed(key.privateKey, { date: hoursAgo(36) });
    const extended = await reformatKey({ privateKey: key.privateKey, userIDs, format: 'object' });
    const armor = extended.publicKey.armor();
    expect((await verifier.verifyDetached({ data: DATA, signature, armor })).keyState).toBe('active');
  });

  it('refuses every signature of a revoked key, whatever the reason of the revocation', async () => {
    for (const flag of [enums.reasonForRevocation.keyCompromised, enums.reasonForRevocation.keyRetired]) {
      const key = await newKey({ date: hoursAgo(48) });
      const signature = await signed(key.privateKey, { date: hoursAgo(36) });
      const revoked = await revokeKey({ key: key.privateKey, reasonForRevocation: { flag } });
      expect(await refusal(signature, revoked.publicKey)).toMatch(/is revoked/);
    }
  });

  it('allows for clocks that differ by minutes, not by hours', async () => {
    const key = await newKey({ date: hoursAgo(1) });
    const armor = key.publicKey.armor();
    const soon = await signed(key.privateKey, { date: new Date(Date.now() + 2 * 60_000) });
    await verifier.verifyDetached({ data: DATA, signature: soon, armor });
    const later = await signed(key.privateKey, { date: new Date(Date.now() + HOUR) });
    expect(await refusal(later, armor)).toMatch(/in the future/);
  });
});
