import type { UserDelegationKey } from '@azure/storage-blob';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const KEY_LIFE_MS = 48 * HOUR_MS;
/** Azure gives keys for seven days; the rest is for clocks that differ. */
const LONGEST_KEY_LIFE_MS = 7 * 24 * HOUR_MS - HOUR_MS;
const RENEW_AFTER_MS = 12 * HOUR_MS;
/** After a renewal that failed, while the old key still does. */
const RETRY_AFTER_MS = MINUTE_MS;
/** Clocks differ: a key that begins a little earlier is good at once. */
const BACKDATED_MS = 15 * MINUTE_MS;

/**
 * The key with which an identity signs URLs. Azure gives it for a while, so that signing asks Azure at most twice a
 * day: it is renewed long before it ends, while the old one goes on to be used. One request at a time.
 */
export class DelegationKeys {
  private key: UserDelegationKey | undefined;
  private renewal: Promise<UserDelegationKey> | undefined;
  private renewAtMs = 0;

  /** `request` asks Azure for a key of this time. */
  constructor(
    private readonly request: (from: Date, until: Date) => Promise<UserDelegationKey>,
    private readonly now: () => number = Date.now,
  ) {}

  /** A key that is good until `untilMs`, or for almost seven days when that is further away. */
  async keyUntil(untilMs: number): Promise<UserDelegationKey> {
    const { key } = this;
    const neededMs = Math.min(untilMs, this.now() + LONGEST_KEY_LIFE_MS - RENEW_AFTER_MS);
    if (key === undefined || key.signedExpiresOn.getTime() < neededMs) return this.renewed(neededMs);
    if (this.now() >= this.renewAtMs) this.renewed(neededMs).catch(() => undefined);
    return key;
  }

  private renewed(neededMs: number): Promise<UserDelegationKey> {
    this.renewal ??= this.renew(neededMs).finally(() => (this.renewal = undefined));
    return this.renewal;
  }

  private async renew(neededMs: number): Promise<UserDelegationKey> {
    const now = this.now();
    this.renewAtMs = now + RETRY_AFTER_MS;
    const untilMs = Math.max(now + KEY_LIFE_MS, neededMs + RENEW_AFTER_MS);
    const key = await this.request(new Date(now - BACKDATED_MS), new Date(untilMs));
    this.renewAtMs = now + RENEW_AFTER_MS;
    this.key = key;
    return key;
  }
}
