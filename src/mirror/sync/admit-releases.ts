import type { ProviderGate, VersionAdmission } from '../domain/mirror-gate.js';
import type { HeldPackage, LeftOut, PlannedRelease, ProviderPlan } from '../domain/mirror-plan.js';
import type { Mirror } from '../domain/mirror.js';
import { worthFetching } from '../domain/retention.js';
import type { UpstreamVersion } from '../domain/upstream-version.js';
import type { SeenVersion } from '../persistence/mirrored-listings.repository.js';
import type { AdmittedPlan, AdmittedRelease } from './planned-provider.js';

/** What decides about single versions. */
export interface AdmissionFacts {
  readonly mirror: Pick<Mirror, 'keepVersions' | 'keepUsedDays'>;
  readonly gate: Pick<ProviderGate, 'admits'>;
  readonly held: readonly HeldPackage[];
  /** Since when versions are listed, by their exact text; what is missing is seen for the first time `now`. */
  readonly seen: ReadonlyMap<string, SeenVersion>;
  readonly now: Date;
}

/** Leaves those releases in a plan that may be fetched now: past cool-down, approved, and not removed by retention. */
export function admitReleases(plan: ProviderPlan, facts: AdmissionFacts): AdmittedPlan {
  const leftOut: LeftOut[] = [...plan.leftOut];
  const releases: AdmittedRelease[] = [];
  const heldVersions = [...new Set(facts.held.map(({ version }) => version))];
  const remembered = new Map(
    [...facts.seen].map(([text, { isPinned, wasSynced }]) => [text, { isPinned, isRetired: wasSynced }]),
  );
  const kept = (versions: readonly UpstreamVersion[]) =>
    new Set(worthFetching(versions, heldVersions, remembered, facts.mirror));
  const judged = plan.releases.map((release) => ({
    release,
    admission: admissionOf(release, facts, heldVersions),
  }));
  const isAdmitted = ({ admission }: (typeof judged)[number]) => admission.kind === 'admitted';
  // A newest version that has to wait does not take the place of one that may come.
  const worth = kept(judged.filter(isAdmitted).map(({ release }) => release.version));
  const worthWaiting = kept(plan.releases.map(({ version }) => version));
  for (const { release, admission } of judged) {
    const what = release.version.text;
    const isKept = admission.kind === 'admitted' ? worth : worthWaiting;
    if (!isKept.has(release.version)) {
      const detail = 'What is to be kept here does not include it';
      leftOut.push({ what, reason: 'removed-here', detail });
    } else if (admission.kind === 'admitted') releases.push({ ...release, admission });
    else leftOut.push({ what, reason: admission.kind, detail: admission.reason });
  }
  return { ...plan, releases, leftOut };
}

function admissionOf(
  { version: { text: version } }: PlannedRelease,
  { gate, seen, now }: AdmissionFacts,
  heldVersions: readonly string[],
): VersionAdmission {
  const known = seen.get(version);
  const firstSeenAt = known?.firstSeenAt ?? now;
  return gate.admits({ version, firstSeenAt, isReleased: known?.isReleased ?? false, heldVersions });
}
