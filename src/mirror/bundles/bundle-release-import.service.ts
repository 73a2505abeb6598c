import { Injectable } from '@nestjs/common';
import { ProviderIngest } from '../../providers/provider-ingest.service.js';
import { MirrorGate } from '../domain/mirror-gate.js';
import type { Mirror } from '../domain/mirror.js';
import { MirroredListingsRepository } from '../persistence/mirrored-listings.repository.js';
import type { VerifiedRelease } from '../fetching/release-verifier.js';
import { type AdmittedImport, BundleAdmission } from './bundle-admission.service.js';
import type { BundleFile } from './bundle-file.js';
import type { BundledRelease } from './bundle-manifest.js';
import { BundleProof } from './bundle-proof.service.js';
import { BundledPackages } from './bundled-packages.service.js';
import { type ImportLine, lineAbout } from './import-report.js';

/** What the versions of one bundle share. */
export interface ImportedBundle {
  readonly file: BundleFile;
  /** Who imports. */
  readonly userId: string | null;
  /** How long a version may be missing in lists, in milliseconds. */
  readonly listWithinMs: number;
}

/** Brings one version of a bundle in: allowed, proved by its publisher, whole; then by the path of all that is mirrored. */
@Injectable()
export class BundleReleaseImport {
  constructor(
    private readonly admission: BundleAdmission,
    private readonly proof: BundleProof,
    private readonly packages: BundledPackages,
    private readonly ingest: ProviderIngest,
    private readonly gate: MirrorGate,
    private readonly listings: MirroredListingsRepository,
  ) {}

  /** Throws a named error for what does not come in; nothing of the version is stored then. */
  async import(
    mirror: Mirror,
    release: BundledRelease,
    { file, userId, listWithinMs }: ImportedBundle,
  ): Promise<ImportLine> {
    const admitted = await this.admission.admit(mirror, release);
    const proved = await this.proof.prove(mirror, release, admitted);
    const { missing, mirroredProviderId } = admitted;
    if (missing.length === 0) {
      await this.listings.link(mirroredProviderId);
      return lineAbout(release, { outcome: 'present', packages: 0, bytes: 0 });
    }
    await this.packages.with(file, release, missing, async (packages) => {
      const { key, shasums, signature } = proved;
      const sums = {
        text: shasums.toString('latin1'),
        signature,
        keyFingerprint: key.fingerprint,
        keyArmor: key.armor,
      };
      const { host, namespace, type, protocols, version } = release;
      const { organizationId, createdAt, name } = mirror;
      const actor = { userId, name: `bundle for mirror ${name}` };
      await this.ingest.ingest(
        { host, namespace, type, organizationId, since: createdAt, actor },
        { version: version.text, protocols, packages, sums },
        { fence: () => this.confirm(mirror, release, admitted, proved), listWithinMs },
      );
    });
    await this.listings.link(mirroredProviderId);
    const bytes = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return lineAbout(release, { outcome: 'imported', packages: missing.length, bytes });
  }

  /** First in the transaction that stores the release: what was decided is looked at once more. */
  private async confirm(
    mirror: Mirror,
    release: BundledRelease,
    { admission, mirroredProviderId }: AdmittedImport,
    proved: VerifiedRelease,
  ): Promise<void> {
    const { namespace, type, version } = release;
    const { isAutoApproved } = admission;
    await this.gate.confirm(mirror, { namespace, type }, { version: version.text, isAutoApproved });
    await this.proof.learn(mirror, release, proved);
    await this.listings.markSynced(mirroredProviderId, {
      version: version.text,
      keyFingerprint: proved.key.fingerprint,
      isKeyApproved: proved.trust === 'approved',
    });
  }
}
