import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MirrorSync, SyncJobPayload, SyncRestriction } from '../../src/mirror/domain/mirror-sync.js';
import type { KeyTrustLevel, Mirror } from '../../src/mirror/domain/mirror.js';
import type { SyncDetails } from '../../src/mirror/domain/sync-report.js';
import { Mirrors } from '../../src/mirror/configuration/mirrors.service.js';
import { MirrorSyncs } from '../../src/mirror/sync/mirror-syncs.service.js';
import type { UpstreamKey } from './fakes/upstream/upstream-keys.js';
import type { TestApp } from './test-app.js';

/** What a test wants of a mirror otherwise than usual. */
export interface MirrorOptions {
  readonly upstream: string;
  readonly namespaces?: readonly string[];
  readonly types?: readonly string[];
  readonly versionFilter?: string;
  readonly platforms?: readonly string[];
  readonly keyTrust?: KeyTrustLevel;
  readonly coolDownDays?: number;
  readonly organizationId?: string | null;
  /** A key that is pinned for this namespace. */
  readonly pinned?: { readonly namespace: string; readonly key: UpstreamKey };
}

/** Lets every mirror of every registry fetch. */
export async function allowEverything(app: TestApp): Promise<void> {
  await app.query(
    `INSERT INTO mirror_policies (name, policy_type, priority) VALUES ('test-allow-all', 'allow', 10000)
     ON CONFLICT DO NOTHING`,
  );
}

/** Stores a mirror that no schedule begins, and gives it. */
export async function addMirror(app: TestApp, options: MirrorOptions): Promise<Mirror> {
  const { upstream, namespaces = ['acme'], types = [], versionFilter = '', platforms = [] } = options;
  const { keyTrust = 'pinned', coolDownDays = 0, organizationId = null, pinned } = options;
  const [row] = await app.query<{ id: string }>(
    `INSERT INTO mirrors (name, upstream_url, upstream_host, namespace_filter, provider_filter, version_filter,
       platform_filter, key_trust, cool_down_days, organization_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
    [
      `test ${randomUUID()}`,
      upstream,
      new URL(upstream).host,
      namespaces,
      types,
      versionFilter,
      platforms,
      keyTrust,
      coolDownDays,
      organizationId,
    ],
  );
  if (pinned) {
    await app.query(
      `INSERT INTO mirror_keys (mirror_id, namespace, fingerprint, armor, state, source)
       VALUES ($1, $2, $3, $4, 'pinned', 'administrator')`,
      [row!.id, pinned.namespace, pinned.key.fingerprint, pinned.key.armor],
    );
  }
  return (await app.get(Mirrors).find(row!.id))!;
}

/** A run that has ended, with its report. */
export type EndedSync = MirrorSync & { readonly details: SyncDetails };

/** Asks for a run and waits for its end. */
export async function runSync(
  app: TestApp,
  mirror: Mirror,
  restriction: SyncRestriction = {},
): Promise<EndedSync> {
  const { id } = await app.get(MirrorSyncs).trigger(mirror, restriction, 'manual');
  return untilEnded(app, mirror.id, id);
}

/** Stores a run that no job works on, and gives what its worker is called with. */
export async function addIdleSync(app: TestApp, mirror: Mirror): Promise<SyncJobPayload> {
  const [row] = await app.query<{ id: string }>(
    `INSERT INTO mirror_syncs (mirror_id, triggered_by) VALUES ($1, 'manual') RETURNING id`,
    [mirror.id],
  );
  return { syncId: row!.id, mirrorId: mirror.id };
}

/** A run, as it is now. */
export async function syncOf(app: TestApp, { mirrorId, syncId }: SyncJobPayload): Promise<EndedSync> {
  return (await app.get(MirrorSyncs).find(mirrorId, syncId)) as EndedSync;
}

/** Waits for the end of a run. */
export async function untilEnded(app: TestApp, mirrorId: string, syncId: string): Promise<EndedSync> {
  return until(async () => {
    const sync = await app.get(MirrorSyncs).find(mirrorId, syncId);
    return sync !== null && sync.status !== 'running' ? (sync as EndedSync) : undefined;
  });
}

/** Asks until there is an answer. */
export async function until<T>(ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const endMs = performance.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > endMs) throw new Error('Waited for nothing');
    await sleep(20);
  }
}

/** What is here of a provider, as `version os_arch`, in order. */
export async function heldPackages(app: TestApp, host: string): Promise<string[]> {
  const rows = await app.query<{ held: string }>(
    `SELECT p.namespace || '/' || p.type || ' ' || v.version || ' ' || k.os || '_' || k.arch AS held
     FROM registry_providers p JOIN provider_versions v ON v.provider_id = p.id
     JOIN provider_packages k ON k.version_id = v.id
     WHERE p.upstream_host = $1 AND v.state <> 'deleted' ORDER BY 1`,
    [host],
  );
  return rows.map(({ held }) => held);
}
