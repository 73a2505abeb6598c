import { createMessage, enums, generateKey, type PrivateKey, reformatKey, revokeKey, sign } from 'openpgp';

const HOUR_MS = 3_600_000;
const userIDs = [{ name: 'TEST ONLY upstream, do not trust', email: 'test-only@example.com' }];

/** A key made for one test run, and what it signs. TEST ONLY. */
export interface UpstreamKey {
  readonly armor: string;
  readonly fingerprint: string;
  sign(data: Buffer | string): Promise<Buffer>;
}

/** The keys an upstream may sign with. */
export interface UpstreamKeys {
  /** The one that tests approve. */
  readonly honest: UpstreamKey;
  readonly stranger: UpstreamKey;
  /** Signed after its life was over. */
  readonly expired: UpstreamKey;
  readonly revoked: UpstreamKey;
}

/** Makes all keys; takes some tens of milliseconds. */
export async function makeUpstreamKeys(): Promise<UpstreamKeys> {
  const [honest, stranger, toExpire, toRevoke] = await Promise.all([0, 1, 2, 3].map(newKey));
  const date = new Date(Date.now() - 48 * HOUR_MS);
  const life = { userIDs, date, keyExpirationTime: (24 * HOUR_MS) / 1000 };
  const expired = await reformatKey({ privateKey: toExpire!, ...life, format: 'object' });
  const reasonForRevocation = { flag: enums.reasonForRevocation.keyCompromised };
  const revoked = await revokeKey({ key: toRevoke!, reasonForRevocation });
  return {
    honest: keyOf(honest!),
    stranger: keyOf(stranger!),
    expired: keyOf(toExpire!, expired.publicKey.armor()),
    revoked: keyOf(toRevoke!, revoked.publicKey as unknown as string),
  };
}

async function newKey(): Promise<PrivateKey> {
  const date = new Date(Date.now() - 48 * HOUR_MS);
  const { privateKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs,
    subkeys: [],
    date,
    format: 'object',
  });
  return privateKey;
}

/** What a private key signs, at `date` if given. */
export function keyOf(
  privateKey: PrivateKey,
  armor = privateKey.toPublic().armor(),
  date?: Date,
): UpstreamKey {
  return {
    armor,
    fingerprint: privateKey.getFingerprint().toUpperCase(),
    async sign(data) {
      const message = await createMessage({ binary: new Uint8Array(Buffer.from(data as string)) });
      const options = { message, signingKeys: privateKey, detached: true, format: 'binary', date } as const;
      return Buffer.from((await sign(options)) as Uint8Array);
    },
  };
}
