import type { UserDelegationKey } from '@azure/storage-blob';
import { describe, expect, it } from 'vitest';
import { DelegationKeys } from './delegation-keys.js';

const HOUR = 3_600_000;

/** A service that gives keys for the time that is asked for, and a clock. */
class KeyService {
  now = Date.UTC(2030, 0, 1);
  failure: Error | undefined;
  /** What the requests wait for. */
  gate: Promise<void> = Promise.resolve();
  readonly asked: { from: Date; until: Date }[] = [];
  readonly keys = new DelegationKeys(
    async (from, until) => {
      this.asked.push({ from, until });
      await this.gate;
      if (this.failure) throw this.failure;
      return keyFor(from, until, `key-${this.asked.length}`);
    },
    () => this.now,
  );

  /** The key for a link that lives this long. */
  async keyFor(lifeMs: number): Promise<string> {
    return (await this.keys.keyUntil(this.now + lifeMs)).value;
  }
}

function keyFor(from: Date, until: Date, value: string): UserDelegationKey {
  return {
    signedObjectId: 'object',
    signedTenantId: 'tenant',
    signedStartsOn: from,
    signedExpiresOn: until,
    signedService: 'b',
    signedVersion: '2022-11-02',
    value,
  };
}

describe('the delegation key', () => {
  it('begins before now and lives for two days', async () => {
    const service = new KeyService();
    await service.keyFor(HOUR);
    const [{ from, until }] = service.asked as [{ from: Date; until: Date }];
    expect(service.now - from.getTime()).toBe(HOUR / 4);
    expect(until.getTime() - service.now).toBe(48 * HOUR);
  });

  it('is asked for once by many who need it at once', async () => {
    const service = new KeyService();
    const found = await Promise.all(Array.from({ length: 50 }, () => service.keyFor(HOUR)));
    expect(new Set(found)).toEqual(new Set(['key-1']));
    expect(service.asked).toHaveLength(1);
  });

  it('is used for half a day without another request', async () => {
    const service = new KeyService();
    for (let hours = 0; hours < 12; hours++) {
      expect(await service.keyFor(24 * HOUR)).toBe('key-1');
      service.now += HOUR;
    }
    expect(service.asked).toHaveLength(1);
  });

  it('is renewed after half a day, while nobody waits for the new one', async () => {
    const service = new KeyService();
    await service.keyFor(HOUR);
    service.now += 12 * HOUR;
    let open = (): void => undefined;
    service.gate = new Promise((resolve) => (open = resolve));
    expect(await service.keyFor(HOUR)).toBe('key-1');
    expect(await service.keyFor(HOUR)).toBe('key-1');
    expect(service.asked).toHaveLength(2);
    open();
    await settled();
    expect(await service.keyFor(HOUR)).toBe('key-2');
    expect(service.asked).toHaveLength(2);
  });

  it('goes on to be used when the renewal fails, which is tried again after a minute', async () => {
    const service = new KeyService();
    await service.keyFor(HOUR);
    service.now += 12 * HOUR;
    service.failure = new Error('not now');
    expect(await service.keyFor(HOUR)).toBe('key-1');
    await settled();
    expect(await service.keyFor(HOUR)).toBe('key-1');
    expect(service.asked).toHaveLength(2);
    service.now += 60_000;
    service.failure = undefined;
    expect(await service.keyFor(HOUR)).toBe('key-1');
    await settled();
    expect(await service.keyFor(HOUR)).toBe('key-3');
  });

  it('is waited for when the old one would end before the link', async () => {
    const service = new KeyService();
    await service.keyFor(HOUR);
    service.now += 40 * HOUR;
    expect(await service.keyFor(12 * HOUR)).toBe('key-2');
  });

  it('fails when there is none that would do', async () => {
    const service = new KeyService();
    await service.keyFor(HOUR);
    service.now += 48 * HOUR;
    service.failure = new Error('not now');
    await expect(service.keyFor(HOUR)).rejects.toThrow('not now');
    service.failure = undefined;
    expect(await service.keyFor(HOUR)).toBe('key-3');
  });

  it('lives longer for links that do, also half a day later', async () => {
    const service = new KeyService();
    expect(await service.keyFor(100 * HOUR)).toBe('key-1');
    service.now += 11 * HOUR;
    expect(await service.keyFor(100 * HOUR)).toBe('key-1');
    expect(service.asked).toHaveLength(1);
  });

  it('is not asked for again and again by links that live longer than any key', async () => {
    const service = new KeyService();
    expect(await service.keyFor(1000 * HOUR)).toBe('key-1');
    service.now += 11 * HOUR;
    expect(await service.keyFor(1000 * HOUR)).toBe('key-1');
    expect(service.asked).toHaveLength(1);
    expect(service.asked[0]!.until.getTime() - service.now).toBeLessThan(7 * 24 * HOUR);
  });
});

/** Lets everything go on that waits for nothing any more. */
const settled = () => new Promise((resolve) => setImmediate(resolve));
