import { Injectable } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { TempFiles } from '../platform/temp-files/temp-files.js';
import { ArtifactKey } from './artifact-key.js';
import { BlobInspector } from './blob-inspector.js';
import type { Artifact } from './domain/artifact.js';
import type { Finding, VerifyProgress, VerifyReport } from './domain/verify-report.js';
import { ObjectStore } from './object-store.js';
import { ObjectNotFound } from './object-store.errors.js';
import { ArtifactAuditRepository } from './persistence/artifact-audit.repository.js';

const ROWS_PER_PAGE = 500;
const READS_AT_ONCE = 4;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** How a verification is run. */
export interface VerifyOptions {
  /** From which age something that the sweep should have removed is a finding (`storage.sweep_grace`). */
  readonly graceMs?: number;
  /** Called after every page of artifacts. */
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** Ends the run with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/**
 * The audit pass: reads and hashes the bytes of every artifact, compares rows with bytes and back, and with what
 * versions and packages say. Changes nothing, and may run beside a working server: what changes meanwhile is
 * looked at again before it is reported. Throws ObjectStoreUnavailable rather than report what it could not read.
 */
@Injectable()
export class VerifyStorage {
  private readonly storage: string;

  constructor(
    private readonly rows: ArtifactAuditRepository,
    private readonly objects: ObjectStore,
    private readonly blobs: BlobInspector,
    private readonly tempFiles: TempFiles,
    private readonly config: StorageConfig,
  ) {
    this.storage = config.defaultBackend;
  }

  async run(options: VerifyOptions = {}): Promise<VerifyReport> {
    const begun = performance.now();
    const { graceMs = this.config.sweepGraceMs, signal } = options;
    const findings: Finding[] = [];
    const { artifacts, bytes } = await this.checkArtifacts(graceMs, findings, options);
    const objects = await this.checkObjects(findings, signal);
    findings.push(...(await this.rows.referenceFindings()));
    findings.push(...(await this.leftovers(graceMs)));
    return { artifacts, objects, bytes, durationMs: performance.now() - begun, findings };
  }

  private async checkArtifacts(
    graceMs: number,
    findings: Finding[],
    { onProgress, signal }: VerifyOptions,
  ): Promise<{ artifacts: number; bytes: number }> {
    let artifacts = 0;
    let bytes = 0;
    for (let after = FIRST_ID; ;) {
      const page = await this.rows.page(this.storage, after, ROWS_PER_PAGE);
      if (page.length === 0) return { artifacts, bytes };
      after = page.at(-1)!.id;
      for (let at = 0; at < page.length; at += READS_AT_ONCE) {
        signal?.throwIfAborted();
        const checks = await Promise.all(
          page.slice(at, at + READS_AT_ONCE).map((row) => this.checkOne(row, graceMs)),
        );
        findings.push(...checks.flatMap((check) => check.findings));
        bytes += checks.reduce((sum, check) => sum + check.bytes, 0);
      }
      artifacts += page.length;
      onProgress?.({ artifacts, bytes, findings: findings.length });
    }
  }

  /** What looks wrong is looked at once more: the row may have changed, or gone, since the page was read. */
  private async checkOne(row: Artifact, graceMs: number): Promise<{ findings: Finding[]; bytes: number }> {
    const first = await this.blobs.check(row);
    const stale = staleness(row, graceMs);
    if (first.findings.length === 0 && !stale) return { findings: [], bytes: first.bytes };
    const now = await this.rows.find(row.id);
    if (!now) return { findings: [], bytes: first.bytes };
    const again = first.findings.length > 0 ? await this.blobs.check(now) : first;
    const staleNow = staleness(now, graceMs);
    return {
      findings: [...again.findings, ...(staleNow ? [staleNow] : [])],
      bytes: first.bytes + again.bytes,
    };
  }

  private async checkObjects(findings: Finding[], signal: AbortSignal | undefined): Promise<number> {
    let objects = 0;
    let step: string[] = [];
    for await (const { path } of this.objects.list('')) {
      signal?.throwIfAborted();
      objects += 1;
      if (!ArtifactKey.parse(path)) findings.push({ kind: 'foreign-object', subject: path });
      else step.push(path);
      if (step.length < ROWS_PER_PAGE) continue;
      findings.push(...(await this.orphansOf(step)));
      step = [];
    }
    findings.push(...(await this.orphansOf(step)));
    return objects;
  }

  /** The sweep takes the row away first and the object soon after: an object that is gone by now was no orphan. */
  private async orphansOf(paths: readonly string[]): Promise<Finding[]> {
    if (paths.length === 0) return [];
    const findings: Finding[] = [];
    for (const path of await this.rows.withoutRow(this.storage, paths)) {
      if (await this.exists(path)) findings.push({ kind: 'orphan-blob', subject: path });
    }
    return findings;
  }

  private async exists(path: string): Promise<boolean> {
    try {
      await this.objects.stat(path);
      return true;
    } catch (error) {
      if (error instanceof ObjectNotFound) return false;
      throw error;
    }
  }

  private async leftovers(graceMs: number): Promise<Finding[]> {
    const deletions = await this.rows.deletionsOlderThan(this.storage, graceMs);
    const others = await this.rows.otherStorages(this.storage);
    const temporary = await this.tempFiles.leftovers(graceMs);
    return [
      ...deletions.map((subject): Finding => ({ kind: 'deletion-left', subject })),
      ...others.map(({ storage, artifacts }): Finding => ({
        kind: 'other-storage',
        subject: storage,
        detail: `${artifacts} artifacts`,
      })),
      ...temporary.map(({ name }): Finding => ({ kind: 'stale-temp-file', subject: name })),
    ];
  }
}

/** Twice the grace: the sweep dooms after one and removes after another. */
function staleness({ key, state, stagedAt, doomedAt }: Artifact, graceMs: number): Finding | undefined {
  const oldest = Date.now() - 2 * graceMs;
  if (state === 'staged' && stagedAt.getTime() < oldest) return { kind: 'stale-staged', subject: key };
  if (state === 'doomed' && (doomedAt?.getTime() ?? 0) < oldest)
    return { kind: 'stale-doomed', subject: key };
  return undefined;
}
