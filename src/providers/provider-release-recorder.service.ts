import { Injectable } from '@nestjs/common';
import { PublishingConfig } from '../config/publishing.config.js';
import { sha256Hex } from '../kernel/sha256.js';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import type { Version } from '../kernel/terraform/version.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { failpoint } from '../platform/failpoints/failpoint.js';
import { ArtifactVanished } from '../storage/storage.errors.js';
import type { IncomingPackage, IncomingRelease, ReleasePlan } from './domain/provider-release.js';
import { planRelease } from './domain/provider-release.js';
import { planMirroredRelease } from './domain/mirrored-release.js';
import type { ProviderVersion, ProviderVersionWithPackages } from './domain/provider-version.js';
import { ProviderReleaseBusy } from './domain/providers.errors.js';
import type { RegistryProvider } from './domain/registry-provider.js';
import type { InspectedDocumentation } from './provider-documentation.service.js';
import { ProviderDocuments } from './provider-documents.js';
import { ProviderRecords } from './provider-records.js';
import { type ProviderDescription, ProviderRegistration } from './provider-registration.service.js';
import { ProviderReleaseStaging, type StagedRelease } from './provider-release-staging.service.js';
import { ProviderVersionsRepository } from './persistence/provider-versions.repository.js';

/** An uploaded package that passed inspection, and where its bytes are spooled. */
export interface InspectedPackage extends IncomingPackage {
  readonly path: string;
}

/** What one publishing call brings, with the files it comes in. */
export interface InspectedRelease extends IncomingRelease {
  readonly packages: readonly InspectedPackage[];
  readonly docs?: InspectedDocumentation | undefined;
  /** The release was fetched by a mirror; this runs first in the transaction, and throws when it may not write now. */
  readonly fence?: () => Promise<void>;
  /** One of many: lists may show it so much later, in milliseconds. Absent: at once. */
  readonly listWithinMs?: number;
}

export interface RecordedRelease {
  readonly provider: RegistryProvider;
  readonly version: ProviderVersion;
}

/** Publishers of one version that may overtake each other before the last one is told to try again. */
const MAX_ATTEMPTS = 64;

/**
 * Records a release: bytes, checksum document and signature are staged for the state of the version as it
 * was read; the transaction starts over when somebody else changed the version meanwhile. So signing and
 * storage never happen inside a transaction, and every stored signature fits its document.
 */
@Injectable()
export class ProviderReleaseRecorder {
  constructor(
    private readonly config: PublishingConfig,
    private readonly staging: ProviderReleaseStaging,
    private readonly registration: ProviderRegistration,
    private readonly versions: ProviderVersionsRepository,
    private readonly documents: ProviderDocuments,
    private readonly records: ProviderRecords,
  ) {}

  /** Whether the version exists and carries its publisher's signature. */
  async isSignedByPublisher(address: ProviderAddress, version: Version): Promise<boolean> {
    const existing = await this.versions.findByAddress(address, version.text);
    return existing?.version.signedBy === 'publisher';
  }

  /**
   * Records a release; what a mirror brings again is left as it is.
   *
   * @throws the errors of `planRelease`, for mirrors of `planMirroredRelease`; ProviderIsMirrored, ProviderPublishedHere,
   *   NamespaceNotYours, MirroredElsewhere, ProviderReleaseBusy
   */
  async record(
    grant: PublishGrant,
    address: ProviderAddress,
    version: Version,
    incoming: InspectedRelease,
    about: ProviderDescription,
  ): Promise<RecordedRelease> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const seen = await this.versions.findByAddress(address, version.text);
      const plan = this.plan(grant, version, seen, incoming);
      if (plan === undefined)
        return { provider: await this.registration.get(address), version: seen!.version };
      const uploads = incoming.packages.filter((one) => plan.added.includes(one));
      const staged = await this.staging.stage(address, version, plan, uploads, incoming.docs);
      failpoint('before-publish-tx');
      try {
        const { fence } = incoming;
        return await this.registration.within({ grant, address, fence }, about, async (provider) => {
          await this.assertUnchanged(provider, version, seen);
          await this.write(provider, version, plan, staged, { seen, grant });
          const { listWithinMs = 0 } = incoming;
          await this.documents.add(provider.id, address, grant, { added: version.text, listWithinMs });
          const stored = (await this.versions.find(provider.id, version.text))!.version;
          await this.records.versionChanged(grant, address, seen?.version ?? null, stored, uploads);
          failpoint('before-commit');
          return { provider, version: stored };
        });
      } catch (error) {
        if (!(error instanceof ReleaseChanged) && !(error instanceof ArtifactVanished)) throw error;
      }
    }
    throw new ProviderReleaseBusy();
  }

  private plan(
    { mirrored }: PublishGrant,
    { text }: Version,
    seen: ProviderVersionWithPackages | null,
    incoming: InspectedRelease,
  ): ReleasePlan | undefined {
    const { packages, protocols = [], sums } = incoming;
    if (mirrored === null) return planRelease(text, seen, incoming, this.config.allowRepublish);
    if (sums === undefined) throw new TypeError('What a mirror brings is signed');
    return planMirroredRelease(text, seen, { packages, protocols, sums });
  }

  private async assertUnchanged(
    provider: RegistryProvider,
    version: Version,
    seen: ProviderVersionWithPackages | null,
  ): Promise<void> {
    const now = await this.versions.find(provider.id, version.text);
    if (fingerprintOf(now) !== fingerprintOf(seen)) throw new ReleaseChanged();
  }

  private async write(
    provider: RegistryProvider,
    version: Version,
    plan: ReleasePlan,
    staged: StagedRelease,
    { seen, grant }: { seen: ProviderVersionWithPackages | null; grant: PublishGrant },
  ): Promise<void> {
    const identity = {
      providerId: provider.id,
      version: version.text,
      sortKey: version.sortKey,
      publishedBy: grant.actor.userId,
      publishedByName: grant.actor.name,
      publishedFrom: grant.publishedFrom,
    };
    const content = {
      ...staged.content,
      protocols: plan.protocols,
      publisherKeyArmor: plan.publisherKeyArmor,
    };
    await this.staging.commit(staged);
    const versionId = seen?.version.id ?? (await this.versions.add(identity, content));
    if (seen?.version.state === 'deleted') {
      if (plan.isOtherContent) await this.versions.dropPackages(versionId);
      await this.versions.revive(versionId, identity, content);
    } else if (seen) {
      await this.versions.update(versionId, content);
    }
    failpoint('after-version-insert');
    await this.versions.putPackages(staged.packages.map((held) => ({ ...held, versionId })));
    await this.staging.document(staged, versionId);
    failpoint('after-sums-rebuilt');
  }
}

/** Somebody else changed the version between reading and locking it. */
class ReleaseChanged extends Error {}

function fingerprintOf(release: ProviderVersionWithPackages | null): string {
  if (!release) return 'none';
  const { version, packages } = release;
  const held = packages.map(({ os, arch, digest, artifactId }) => [os, arch, digest, artifactId]);
  const { id, state, quarantinedAt, shasums, signedBy, docsDigest } = version;
  return sha256Hex(JSON.stringify([id, state, quarantinedAt, shasums, signedBy, docsDigest, held]));
}
