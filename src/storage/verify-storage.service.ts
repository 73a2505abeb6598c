import { Injectable } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { TempFiles } from '../platform/temp-files/temp-files.js';
import type { Finding, VerifiedStorage, VerifyProgress, VerifyReport } from './domain/verify-report.js';
import { ObjectStoreRejected, ObjectStoreUnavailable } from './object-store.errors.js';
import { type NamedStore, ObjectStores } from './object-stores.service.js';
import { ArtifactAuditRepository } from './persistence/artifact-audit.repository.js';
import { StorageEpochs } from './storage-epochs.service.js';
import { StorageNotConfigured } from './storage.errors.js';
import { StoragesInUse } from './storages-in-use.service.js';
import { VerifyPass } from './verify-pass.js';

/** How a verification is run. */
export interface VerifyOptions {
  /** The only storage that is looked at, by its name; all of them, and what is in none, unless given. */
  readonly storage?: string;
  /** From which age something that the sweep should have removed is a finding (`storage.sweep_grace`). */
  readonly graceMs?: number;
  /** Called after every page of artifacts. */
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** Ends the run with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/**
 * The audit pass: reads and hashes the bytes of every artifact in every storage, compares rows with bytes and back,
 * and with what versions and packages say. Changes nothing, and may run beside a working server: what changes
 * meanwhile is looked at again before it is reported.
 */
@Injectable()
export class VerifyStorage {
  constructor(
    private readonly storages: StoragesInUse,
    private readonly stores: ObjectStores,
    private readonly rows: ArtifactAuditRepository,
    private readonly epochs: StorageEpochs,
    private readonly tempFiles: TempFiles,
    private readonly config: StorageConfig,
  ) {}

  /** A storage that cannot be read is no finding: the report says so in its `storages`. */
  async run(options: VerifyOptions = {}): Promise<VerifyReport> {
    const begun = performance.now();
    const { storage: only, graceMs = this.config.sweepGraceMs } = options;
    const findings: Finding[] = [];
    const storages: VerifiedStorage[] = [];
    for (const storage of only === undefined ? await this.storages.names() : [only]) {
      const holder = await this.open(storage, findings, storages);
      if (holder) storages.push(await this.verify(holder, { ...options, graceMs }, { storages, findings }));
    }
    if (only === undefined) findings.push(...(await this.elsewhere(graceMs)));
    return { ...totalsOf(storages), storages, durationMs: performance.now() - begun, findings };
  }

  /** The names that `storage` may have. */
  names(): Promise<string[]> {
    return this.storages.names();
  }

  private async open(
    storage: string,
    findings: Finding[],
    storages: VerifiedStorage[],
  ): Promise<NamedStore | undefined> {
    try {
      return await this.stores.of(storage);
    } catch (error) {
      if (error instanceof StorageNotConfigured) {
        const artifacts = await this.rows.countIn(storage);
        findings.push({ kind: 'other-storage', subject: storage, detail: `${artifacts} artifacts` });
        return undefined;
      }
      storages.push({ storage, artifacts: 0, objects: 0, bytes: 0, problem: problemOf(error) });
      return undefined;
    }
  }

  private async verify(
    holder: NamedStore,
    { graceMs, onProgress, signal }: VerifyOptions & { graceMs: number },
    before: { readonly storages: readonly VerifiedStorage[]; readonly findings: Finding[] },
  ): Promise<VerifiedStorage> {
    const tell = (): void => {
      const { artifacts, bytes } = totalsOf([...before.storages, pass]);
      onProgress?.({ artifacts, bytes, findings: before.findings.length + pass.findings.length });
    };
    const pass = new VerifyPass(holder, { graceMs, onProgress: tell, signal }, this.rows, this.epochs);
    let problem: string | undefined;
    try {
      await pass.run();
    } catch (error) {
      problem = problemOf(error);
    }
    before.findings.push(...pass.findings);
    const { artifacts, objects, bytes } = pass;
    return { storage: holder.name, artifacts, objects, bytes, ...(problem !== undefined && { problem }) };
  }

  private async elsewhere(graceMs: number): Promise<Finding[]> {
    const temporary = await this.tempFiles.leftovers(graceMs);
    return [
      ...(await this.rows.referenceFindings()),
      ...temporary.map(({ name }): Finding => ({ kind: 'stale-temp-file', subject: name })),
    ];
  }
}

function totalsOf(
  storages: readonly Pick<VerifiedStorage, 'artifacts' | 'objects' | 'bytes'>[],
): Pick<VerifiedStorage, 'artifacts' | 'objects' | 'bytes'> {
  return storages.reduce(
    (sum, { artifacts, objects, bytes }) => ({
      artifacts: sum.artifacts + artifacts,
      objects: sum.objects + objects,
      bytes: sum.bytes + bytes,
    }),
    { artifacts: 0, objects: 0, bytes: 0 },
  );
}

/** Only what the storage says about itself; everything else is no result of a verification. */
function problemOf(error: unknown): string {
  if (error instanceof ObjectStoreUnavailable || error instanceof ObjectStoreRejected) return error.message;
  throw error;
}
