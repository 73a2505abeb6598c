import { InvalidInput } from '../../kernel/invalid-input.js';
import { KeyOutlivesItsMaker } from './api-keys.errors.js';

const MS_PER_DAY = 86_400_000;
const RFC_3339 = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

/** What limits the life of a key, besides that it ends in the future. */
export interface LifetimeLimits {
  /** `auth.api_keys.max_lifetime` in milliseconds; 0 is no limit. */
  readonly maxLifetimeMs: number;
  /** When the life began, from which the limit counts. */
  readonly since: Date;
  /** The end of the key that makes or changes it; `null` when nothing limits the caller. */
  readonly makerEndsAt: Date | null;
}

/** Reads the end of a key out of a request. Throws `InvalidInput` for what is not a time of RFC 3339. */
export function parseEnd(text: string): Date {
  const date = RFC_3339.exec(text)?.[1];
  const end = new Date(date === undefined ? Number.NaN : text);
  // A day that its month does not have would silently become one of the next month.
  const hasDay = new Date(`${date}T00:00:00Z`).getUTCDate() === Number(date?.slice(-2));
  if (Number.isNaN(end.getTime()) || !hasDay) throw refused('Invalid expires_at format. Use RFC3339');
  return end;
}

/**
 * Checks the end that is asked for a key; `null` is never. Throws `InvalidInput` for an end in the past or beyond
 * the configured maximum, {@link KeyOutlivesItsMaker}.
 */
export function checkEnd(expiresAt: Date | null, limits: LifetimeLimits, now: Date): void {
  if (expiresAt !== null && !(expiresAt > now)) throw refused('expires_at must be in the future');
  const { maxLifetimeMs, since, makerEndsAt } = limits;
  if (maxLifetimeMs > 0 && (expiresAt?.getTime() ?? Infinity) > since.getTime() + maxLifetimeMs) {
    const most = `${Number((maxLifetimeMs / MS_PER_DAY).toFixed(2))} days (auth.api_keys.max_lifetime)`;
    throw refused(
      expiresAt === null
        ? `expires_at is needed: an API key lives at most ${most}`
        : `expires_at is too late: an API key lives at most ${most}`,
    );
  }
  if (makerEndsAt !== null && (expiresAt === null || expiresAt > makerEndsAt)) {
    throw new KeyOutlivesItsMaker(makerEndsAt);
  }
}

/** The end of a life as long as the one of a key that is replaced now, within the configured maximum. */
export function renewedEnd(
  old: { readonly createdAt: Date; readonly expiresAt: Date | null },
  maxLifetimeMs: number,
  now: Date,
): Date | null {
  const same = old.expiresAt === null ? Infinity : old.expiresAt.getTime() - old.createdAt.getTime();
  const length = Math.min(same, maxLifetimeMs > 0 ? maxLifetimeMs : Infinity);
  return length === Infinity ? null : new Date(now.getTime() + length);
}

/** When a replaced key ends: after the grace, and never later than before. */
export function endAfterGrace(expiresAt: Date | null, graceHours: number, now: Date): Date {
  const graced = new Date(now.getTime() + graceHours * 3_600_000);
  return expiresAt !== null && expiresAt < graced ? expiresAt : graced;
}

function refused(sentence: string): InvalidInput {
  return new InvalidInput(sentence, { fields: { expires_at: sentence } });
}
