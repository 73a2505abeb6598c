import { randomBytes, randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SecretsConfig } from '../../../src/config/secrets.config.js';
import { SecretUnreadable } from '../../../src/platform/crypto/crypto.errors.js';
import { SealedColumnsRepository } from '../../../src/platform/crypto/persistence/sealed-columns.repository.js';
import { SealedColumns } from '../../../src/platform/crypto/sealed-columns.service.js';
import { SecretBox } from '../../../src/platform/crypto/secret-box.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const ROWS = 450;
const KILLS = 50;
const COLUMN = {
  table: 'sealed_things',
  id: 'id',
  column: 'secret',
  aadOf: (id: string) => `sealed_things/secret/${id}`,
};

const boxOf = (key: Buffer, ...previous: Buffer[]) =>
  new SecretBox({ encryptionKey: key, previousEncryptionKeys: previous } as unknown as SecretsConfig);

/** Stops for good after so many replaced rows, as a killed process does: each row is a statement of its own. */
class DyingRepository extends SealedColumnsRepository {
  constructor(
    dataSource: DataSource,
    private left: number,
  ) {
    super(dataSource);
  }

  override async replace(...call: Parameters<SealedColumnsRepository['replace']>): Promise<boolean> {
    if (this.left === 0) throw new Error('killed');
    this.left -= 1;
    return super.replace(...call);
  }
}

describe('sealing stored secrets again under another key', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  const secrets = new Map<string, string>();
  let present = randomBytes(32);

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await database.open();
    await dataSource.query('CREATE TABLE sealed_things (id uuid PRIMARY KEY, secret bytea)');
    const box = boxOf(present);
    for (let index = 0; index < ROWS; index += 1) {
      const id = randomUUID();
      secrets.set(id, `secret ${index}`);
      await insert(id, box.seal(Buffer.from(`secret ${index}`), COLUMN.aadOf(id)));
    }
    await insert(randomUUID(), null);
  });
  afterAll(() => database.drop());

  const insert = (id: string, secret: Buffer | null) =>
    dataSource.query('INSERT INTO sealed_things (id, secret) VALUES ($1, $2)', [id, secret]);
  const stored = () =>
    dataSource.query('SELECT id, secret FROM sealed_things WHERE secret IS NOT NULL') as Promise<
      { id: string; secret: Buffer }[]
    >;
  const reseal = (box: SecretBox, rows: SealedColumnsRepository) => {
    const columns = new SealedColumns(rows, box);
    columns.register(COLUMN);
    return columns.reseal();
  };
  const expectAllReadable = async (box: SecretBox) => {
    for (const { id, secret } of await stored()) {
      expect(box.open(secret, COLUMN.aadOf(id)).toString()).toBe(secrets.get(id));
    }
  };

  it(`loses nothing when it is killed at ${KILLS} moments, and goes on where it was (J2)`, async () => {
    const next = randomBytes(32);
    const overlap = boxOf(next, present);
    for (let kill = 0; kill < KILLS; kill += 1) {
      await expect(reseal(overlap, new DyingRepository(dataSource, kill % 12))).rejects.toThrow('killed');
      await expectAllReadable(overlap);
    }
    const left = await reseal(overlap, new SealedColumnsRepository(dataSource));
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(ROWS);
    present = next;
    // From here on the old key can be taken away.
    await expectAllReadable(boxOf(next));
    expect(await reseal(boxOf(next), new SealedColumnsRepository(dataSource))).toBe(0);
  });

  it('says so when a key is missing, and changes nothing', async () => {
    const before = await stored();
    const stranger = boxOf(randomBytes(32));
    await expect(reseal(stranger, new SealedColumnsRepository(dataSource))).rejects.toThrow(SecretUnreadable);
    expect(await stored()).toEqual(before);
  });

  it('keeps a secret that somebody stores meanwhile', async () => {
    const next = randomBytes(32);
    const overlap = boxOf(next, present);
    const [victim] = await stored();
    class RacingRepository extends SealedColumnsRepository {
      override async replace(...call: Parameters<SealedColumnsRepository['replace']>): Promise<boolean> {
        if (call[1] === victim!.id) {
          const fresh = overlap.seal(Buffer.from('fresh'), COLUMN.aadOf(victim!.id));
          await dataSource.query('UPDATE sealed_things SET secret = $2 WHERE id = $1', [victim!.id, fresh]);
        }
        return super.replace(...call);
      }
    }
    await reseal(overlap, new RacingRepository(dataSource));
    secrets.set(victim!.id, 'fresh');
    present = next;
    await expectAllReadable(boxOf(next));
  });

  it('leaves no two of 1,000 boxes that open in each other’s place (J1)', () => {
    const box = boxOf(present);
    const ids = Array.from({ length: 1_000 }, () => randomUUID());
    const boxes = ids.map((id) => box.seal(Buffer.from(id), COLUMN.aadOf(id)));
    for (let index = 0; index < ids.length; index += 1) {
      const other = boxes[(index + 1 + (index % 7)) % ids.length]!;
      expect(() => box.open(other, COLUMN.aadOf(ids[index]!))).toThrow(SecretUnreadable);
    }
  });
});
