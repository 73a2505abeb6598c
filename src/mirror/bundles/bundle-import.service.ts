import { Injectable, Logger } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.service.js';
import { MirrorConfig } from '../../config/mirror.config.js';
import { DomainError } from '../../kernel/errors.js';
import { DatabaseUnavailable } from '../../platform/database/database.errors.js';
import { Transactions } from '../../platform/database/transactions.js';
import { PostponedLists } from '../../providers/postponed-lists.service.js';
import { InvalidBundleSelection } from '../domain/bundle.errors.js';
import type { Mirror } from '../domain/mirror.js';
import { BundleReader, type OpenBundle } from './bundle-reader.service.js';
import { BundleReleaseImport, type ImportedBundle } from './bundle-release-import.service.js';
import type { BundledRelease } from './bundle-manifest.js';
import { type ImportLine, type ImportReport, refusedLine } from './import-report.js';

const FINGERPRINT = /^[0-9A-F]{40}$/;

/** What is imported, and for which mirror. */
export interface ImportRequest {
  /** Where the bundle is. */
  readonly path: string;
  readonly mirror: Mirror;
  /** Fingerprint of the key of the registry that is expected to have signed it; spaces and case do not matter. */
  readonly signer?: string | undefined;
  /** Who imports. */
  readonly userId: string | null;
}

/** Takes what another registry exported. A version that cannot come in is a line of the report and not the end. */
@Injectable()
export class BundleImport {
  private readonly logger = new Logger('Mirrors');

  constructor(
    private readonly reader: BundleReader,
    private readonly releases: BundleReleaseImport,
    private readonly lists: PostponedLists,
    private readonly config: MirrorConfig,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Verifies the bundle, then stores version by version; the same bundle twice changes nothing. Throws `BundleInvalid`,
   * `BundleSignerNotNamed`, `BundleSignerNotTrusted`, and then nothing was stored; `DatabaseUnavailable`.
   */
  async import({ path, mirror, signer, userId }: ImportRequest): Promise<ImportReport> {
    const named = signer === undefined || signer === '' ? undefined : fingerprintOf(signer);
    const pinned = this.config.bundleSigners.map(fingerprintOf);
    const bundle = await this.reader.open(path, { named, pinned });
    try {
      const lines: ImportLine[] = [];
      const imported = { file: bundle.file, userId, listWithinMs: this.config.listIntervalMs };
      for (const release of bundle.manifest.releases) {
        lines.push(await this.importOne(mirror, release, imported));
      }
      await this.list(bundle);
      const report = reportOf(bundle, lines);
      await this.record(mirror, report);
      return report;
    } finally {
      await bundle.file.close();
    }
  }

  private async importOne(
    mirror: Mirror,
    release: BundledRelease,
    imported: ImportedBundle,
  ): Promise<ImportLine> {
    try {
      return await this.releases.import(mirror, release, imported);
    } catch (error) {
      if (error instanceof DatabaseUnavailable) throw error;
      if (error instanceof DomainError) return refusedLine(release, error.code, error.message);
      this.logger.error(error instanceof Error ? error.stack : String(error));
      return refusedLine(release, 'internal_error', 'An error inside this server, the log has it');
    }
  }

  private async list({ manifest }: OpenBundle): Promise<void> {
    const providers = Map.groupBy(
      manifest.releases,
      ({ host, namespace, type }) => `${host}/${namespace}/${type}`,
    );
    for (const [release] of providers.values()) await this.lists.settle(release!);
  }

  private record({ id, organizationId }: Mirror, report: ImportReport): Promise<void> {
    const { signerFingerprint: signer, exportedBy, imported, present, refused } = report;
    return this.transactions.run(() =>
      this.audit.record({
        resource: 'mirror',
        resourceId: id,
        organizationId,
        metadata: { signer, exported_by: exportedBy, imported, present, refused },
      }),
    );
  }
}

function reportOf({ manifest, signerFingerprint }: OpenBundle, lines: readonly ImportLine[]): ImportReport {
  const { createdAt, exportedBy } = manifest;
  const count = (outcome: ImportLine['outcome']) => lines.filter((line) => line.outcome === outcome).length;
  const refused = count('refused');
  return {
    status: refused === 0 ? 'success' : 'failed',
    ...{ signerFingerprint, exportedBy, createdAt, refused, lines },
    imported: count('imported'),
    present: count('present'),
  };
}

/** As people copy it: in groups, in any case. Throws {@link InvalidBundleSelection}. */
function fingerprintOf(text: string): string {
  const fingerprint = text.replaceAll(/[\s:]/g, '').toUpperCase();
  if (FINGERPRINT.test(fingerprint)) return fingerprint;
  throw new InvalidBundleSelection('signer', 'a fingerprint has 40 hex digits');
}
