import { ArtifactKey } from './artifact-key.js';
import { inspectBlob } from './blob-inspector.js';
import type { Artifact } from './domain/artifact.js';
import type { Finding, FindingKind } from './domain/verify-report.js';
import { ObjectNotFound } from './object-store.errors.js';
import type { NamedStore } from './object-stores.service.js';
import type { ArtifactAuditRepository } from './persistence/artifact-audit.repository.js';
import { isProbeObject } from './probe-objects.js';
import { EPOCHS_ROOT, type StorageEpochs } from './storage-epochs.service.js';

const ROWS_PER_PAGE = 500;
const READS_AT_ONCE = 4;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

const KIND_OF_DAMAGE = {
  missing: 'missing-blob',
  'wrong-size': 'wrong-size',
  'wrong-digest': 'wrong-digest',
  unreadable: 'unreadable-blob',
} as const;

/** How one storage is verified. */
export interface VerifyPassOptions {
  /** From which age something that the sweep should have removed is a finding. */
  readonly graceMs: number;
  /** Called after every page of artifacts. */
  readonly onProgress: () => void;
  readonly signal?: AbortSignal | undefined;
}

/** Reads one storage completely, and compares its objects with the rows in both directions. */
export class VerifyPass {
  artifacts = 0;
  objects = 0;
  bytes = 0;
  readonly findings: Finding[] = [];

  constructor(
    private readonly holder: NamedStore,
    private readonly options: VerifyPassOptions,
    private readonly rows: ArtifactAuditRepository,
    private readonly epochs: StorageEpochs,
  ) {}

  /** Throws what the store throws, and the reason of the signal; the fields say how far it came. */
  async run(): Promise<void> {
    await this.checkArtifacts();
    await this.checkObjects();
    for (const id of await this.epochs.unknown(this.holder))
      this.report('unknown-epoch', `${EPOCHS_ROOT}${id}`);
    for (const path of await this.rows.deletionsOlderThan(this.storage, this.options.graceMs)) {
      this.report('deletion-left', path);
    }
  }

  private get storage(): string {
    return this.holder.name;
  }

  private async checkArtifacts(): Promise<void> {
    for (let after = FIRST_ID; ;) {
      const page = await this.rows.page(this.storage, after, ROWS_PER_PAGE);
      if (page.length === 0) return;
      after = page.at(-1)!.id;
      for (let at = 0; at < page.length; at += READS_AT_ONCE) {
        this.options.signal?.throwIfAborted();
        const some = page.slice(at, at + READS_AT_ONCE);
        const found = await Promise.all(some.map((row) => this.checkOne(row)));
        this.artifacts += some.length;
        this.findings.push(...found.flat());
      }
      this.options.onProgress();
    }
  }

  /** What looks wrong is looked at once more: the row may have changed, or gone, since the page was read. */
  private async checkOne(row: Artifact): Promise<Finding[]> {
    const first = await this.inspect(row);
    const stale = staleness(row, this.options.graceMs);
    if (first.length === 0 && stale === undefined) return [];
    const again = await this.rows.find(row.id);
    if (again === null) return [];
    const found = first.length > 0 ? await this.inspect(again) : [];
    const staleNow = staleness(again, this.options.graceMs);
    return staleNow === undefined ? found : [...found, this.finding(staleNow, again.key)];
  }

  /** Missing bytes are a finding only for a committed artifact: a staged or doomed one may have none. */
  private async inspect(row: Artifact): Promise<Finding[]> {
    const { damage, detail, bytes } = await inspectBlob(this.holder.store, row, {
      signal: this.options.signal,
    });
    this.bytes += bytes;
    const findings: Finding[] = [];
    if (ArtifactKey.parse(row.key)?.digest !== row.digest) {
      findings.push(this.finding('key-mismatch', row.key, `the row says ${row.digest}`));
    }
    if (damage !== undefined && (damage !== 'missing' || row.state === 'committed')) {
      findings.push(this.finding(KIND_OF_DAMAGE[damage], row.key, detail));
    }
    return findings;
  }

  private async checkObjects(): Promise<void> {
    let step: string[] = [];
    const oldestKept = Date.now() - this.options.graceMs;
    for await (const { path, modifiedAtMs } of this.holder.store.list('')) {
      this.options.signal?.throwIfAborted();
      if (path.startsWith(EPOCHS_ROOT) || (isProbeObject(path) && modifiedAtMs > oldestKept)) continue;
      this.objects += 1;
      if (ArtifactKey.parse(path)) step.push(path);
      else this.report('foreign-object', path);
      if (step.length < ROWS_PER_PAGE) continue;
      await this.checkOrphans(step);
      step = [];
    }
    await this.checkOrphans(step);
  }

  /** The sweep takes the row away first and the object soon after: an object that is gone by now was no orphan. */
  private async checkOrphans(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    for (const path of await this.rows.withoutRow(this.storage, paths)) {
      if (await this.exists(path)) this.report('orphan-blob', path);
    }
  }

  private async exists(path: string): Promise<boolean> {
    try {
      await this.holder.store.stat(path);
      return true;
    } catch (error) {
      if (error instanceof ObjectNotFound) return false;
      throw error;
    }
  }

  private report(kind: FindingKind, subject: string): void {
    this.findings.push(this.finding(kind, subject));
  }

  private finding(kind: FindingKind, subject: string, detail?: string): Finding {
    return { kind, subject, storage: this.storage, ...(detail !== undefined && { detail }) };
  }
}

/** Twice the grace: the sweep dooms after one and removes after another. */
function staleness({ state, stagedAt, doomedAt }: Artifact, graceMs: number): FindingKind | undefined {
  const oldest = Date.now() - 2 * graceMs;
  if (state === 'staged' && stagedAt.getTime() < oldest) return 'stale-staged';
  if (state === 'doomed' && (doomedAt?.getTime() ?? 0) < oldest) return 'stale-doomed';
  return undefined;
}
