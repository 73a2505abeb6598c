import { VersionStateConflict } from './terraform.errors.js';
import type { VersionStanding, WithdrawMode } from './version-life.js';

/** A version as far as its standing is concerned. */
export type StandingVersion = VersionStanding & { readonly version: string };

/** How every version begins, and what a deleted one comes back as. */
export const UNTOUCHED = {
  state: 'active',
  stateReason: null,
  withdrawMode: null,
  withdrawReason: null,
  quarantinedAt: null,
} as const satisfies VersionStanding;

/** Whether the version, or what is left of it, is quarantined. */
export function isQuarantined({ state, quarantinedAt }: VersionStanding): boolean {
  return state === 'quarantined' || quarantinedAt !== null;
}

/** Whether clients that ask for the version get it. */
export function isDownloadable({
  state,
  withdrawMode,
}: Pick<VersionStanding, 'state' | 'withdrawMode'>): boolean {
  return state === 'active' || (state === 'withdrawn' && withdrawMode === 'hide');
}

/** Whether lists for people show the version; those who may write into its organization see quarantined ones too. */
export function isShown({ state }: VersionStanding, { mayWrite }: { readonly mayWrite: boolean }): boolean {
  return state === 'active' || state === 'withdrawn' || (state === 'quarantined' && mayWrite);
}

/** Takes a version out of the lists. Throws {@link VersionStateConflict} unless it is active. */
export function withdraw(version: StandingVersion, reason: string, mode: WithdrawMode): VersionStanding {
  if (version.state === 'withdrawn') {
    throw new VersionStateConflict(version.version, 'withdrawn', 'restore it first to change reason or mode');
  }
  if (version.state !== 'active') {
    throw new VersionStateConflict(
      version.version,
      version.state,
      'an administrator has to restore it first',
    );
  }
  return {
    ...UNTOUCHED,
    state: 'withdrawn',
    stateReason: reason,
    withdrawMode: mode,
    withdrawReason: reason,
  };
}

/** Stops every download. Throws {@link VersionStateConflict} when the version is quarantined already. */
export function quarantine(version: StandingVersion, reason: string, at: Date): VersionStanding {
  if (version.state === 'quarantined') {
    throw new VersionStateConflict(version.version, 'quarantined', 'restore it first to change the reason');
  }
  const { withdrawMode, withdrawReason } = version;
  return { state: 'quarantined', stateReason: reason, withdrawMode, withdrawReason, quarantinedAt: at };
}

/**
 * Undoes the last of withdrawal and quarantine: what was withdrawn before it was quarantined is withdrawn again, and
 * a tombstone may come back. Throws {@link VersionStateConflict} when there is nothing to undo.
 */
export function restore(version: StandingVersion): VersionStanding {
  if (version.state === 'deleted') return { ...UNTOUCHED, state: 'deleted' };
  if (isQuarantined(version) && version.withdrawMode !== null) {
    const { withdrawMode, withdrawReason } = version;
    return { ...UNTOUCHED, state: 'withdrawn', stateReason: withdrawReason, withdrawMode, withdrawReason };
  }
  if (version.state === 'active') {
    throw new VersionStateConflict(version.version, 'active', 'there is nothing to restore');
  }
  return UNTOUCHED;
}
