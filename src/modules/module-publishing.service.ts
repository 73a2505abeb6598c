import { Injectable } from '@nestjs/common';
import { PublishingConfig } from '../config/publishing.config.js';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import type { Version } from '../kernel/terraform/version.js';
import { isQuarantined } from '../kernel/terraform/version-standing.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { ArchiveRejected } from '../platform/archives/archives.errors.js';
import { failpoint } from '../platform/failpoints/failpoint.js';
import { ArtifactKey } from '../storage/artifact-key.js';
import { ArtifactStore, type StagedArtifact } from '../storage/artifact-store.service.js';
import { ArtifactVanished } from '../storage/storage.errors.js';
import type { ModuleManifest } from './domain/module-manifest.js';
import type { ModuleVersion } from './domain/module-version.js';
import {
  InvalidModuleArchive,
  ModuleVersionDeleted,
  ModuleVersionExists,
  ModuleVersionQuarantined,
} from './domain/modules.errors.js';
import type { RegistryModule } from './domain/registry-module.js';
import { ModuleInspector } from './module-inspector.js';
import { type ModuleDescription, ModuleRegistration } from './module-registration.service.js';
import { ModuleVersionCheck } from './module-version-check.service.js';
import { type ModuleVersionInsert, ModulesRepository } from './persistence/modules.repository.js';

/** An uploaded archive: where it is spooled, its size in bytes and its SHA-256 in lower-case hex. */
export interface ModuleUpload {
  readonly path: string;
  readonly size: number;
  readonly digest: string;
}

export interface PublishedModule {
  readonly module: RegistryModule;
  readonly version: ModuleVersion;
  /** What `publishing.version_check` found; nothing unless it is on. */
  readonly warnings: readonly string[];
}

/**
 * Publishes module versions: the bytes first, under their digest, then one short transaction that makes
 * the version visible. Of any number of simultaneous publishers of one version exactly one succeeds; the
 * others get `ModuleVersionExists` and touch nothing of the winner's.
 */
@Injectable()
export class ModulePublishing {
  constructor(
    private readonly config: PublishingConfig,
    private readonly inspector: ModuleInspector,
    private readonly artifacts: ArtifactStore,
    private readonly registration: ModuleRegistration,
    private readonly modules: ModulesRepository,
    private readonly versionCheck: ModuleVersionCheck,
  ) {}

  /**
   * Publishes `upload` as a version, or brings a tombstone back when the bytes are the same.
   *
   * @throws InvalidModuleArchive the archive breaks a rule; the sentence says which
   * @throws ModuleVersionExists, ModuleVersionDeleted, ModuleVersionQuarantined, ModuleSpelledDifferently, NamespaceNotYours
   * @throws ModuleVersionStepTooSmall, AnalysisUnavailable only with `publishing.version_check`
   */
  async publish(
    grant: PublishGrant,
    address: ModuleAddress,
    version: Version,
    upload: ModuleUpload,
    about: ModuleDescription = {},
  ): Promise<PublishedModule> {
    const manifest = await this.inspect(upload);
    const moduleId = await this.refuseTaken(address, version, upload.digest);
    const { topFolder } = manifest;
    const archive = { path: upload.path, topFolder, address, version: version.text };
    const checked = await this.versionCheck.check(moduleId, version, archive);
    const key = ArtifactKey.module(upload.digest, address, version.text);
    const record = (staged: StagedArtifact) =>
      this.registration.within(grant, address, about, async (module) => {
        const stored = await this.store(module, version, staged, manifest, grant);
        await this.versionCheck.keep(stored, address, checked);
        await this.registration.announce(grant, address, stored);
        failpoint('before-commit');
        return { module, version: stored, warnings: checked.warnings };
      });
    const published = await this.stageAnd(key, upload, record);
    failpoint('after-commit-before-reply');
    return published;
  }

  /**
   * Adds what a mirror fetched as a version that was never here; `fence` runs first in the transaction.
   *
   * @throws InvalidModuleArchive, ModuleSpelledDifferently, NamespaceNotPulled
   * @throws ModuleVersionExists the number is taken, be it by a tombstone
   */
  async bring(
    grant: PublishGrant,
    address: ModuleAddress,
    version: Version,
    upload: ModuleUpload,
    { source, fence }: { readonly source: string; readonly fence: () => Promise<void> },
  ): Promise<void> {
    const manifest = await this.inspect(upload, { isAtRoot: true });
    const key = ArtifactKey.module(upload.digest, address, version.text);
    await this.stageAnd(key, upload, (staged) =>
      this.registration.within(
        grant,
        address,
        { source },
        async (module) => {
          const known = await this.modules.findVersion(module.id, version.text);
          if (known) throw new ModuleVersionExists(known.version, known.digest);
          const stored = await this.store(module, version, staged, manifest, grant);
          await this.versionCheck.keep(stored, address, { warnings: [] });
          await this.registration.announce(grant, address, stored);
          failpoint('before-commit');
        },
        fence,
      ),
    );
    failpoint('after-commit-before-reply');
  }

  private async inspect(upload: ModuleUpload, options?: { isAtRoot: boolean }): Promise<ModuleManifest> {
    try {
      return await this.inspector.inspect(upload.path, options);
    } catch (error) {
      if (error instanceof ArchiveRejected) throw new InvalidModuleArchive(error.message, { cause: error });
      throw error;
    }
  }

  /** Spares the storage a loser's bytes; the transaction decides again. Answers the id of the module if there is one. */
  private async refuseTaken(
    address: ModuleAddress,
    version: Version,
    digest: string,
  ): Promise<string | null> {
    const module = await this.modules.findByAddress(address);
    const existing = module && (await this.modules.findVersion(module.id, version.text));
    if (existing) this.assertPublishable(existing, digest);
    return module?.id ?? null;
  }

  private assertPublishable(existing: ModuleVersion, digest: string): void {
    if (existing.state !== 'deleted') throw new ModuleVersionExists(existing.version, existing.digest);
    if (isQuarantined(existing)) throw new ModuleVersionQuarantined(existing.version);
    if (existing.digest !== digest && !this.config.allowRepublish) {
      throw new ModuleVersionDeleted(existing.version, existing.digest);
    }
  }

  /** The sweep may take a staged artifact away before the commit; then the bytes are put once more. */
  private async stageAnd<T>(
    key: ArtifactKey,
    upload: ModuleUpload,
    record: (staged: StagedArtifact) => Promise<T>,
  ): Promise<T> {
    const staged = await this.artifacts.stage(key, upload);
    failpoint('before-publish-tx');
    try {
      return await record(staged);
    } catch (error) {
      if (!(error instanceof ArtifactVanished)) throw error;
      return record(await this.artifacts.stage(key, upload));
    }
  }

  private async store(
    module: RegistryModule,
    version: Version,
    staged: StagedArtifact,
    manifest: ModuleManifest,
    grant: PublishGrant,
  ): Promise<ModuleVersion> {
    const content: ModuleVersionInsert = {
      moduleId: module.id,
      version: version.text,
      sortKey: version.sortKey,
      artifactId: staged.id,
      digest: staged.key.digest,
      sizeBytes: staged.size,
      filename: staged.key.filename,
      topFolder: manifest.topFolder,
      readme: manifest.readme,
      publishedBy: grant.actor.userId,
      publishedByName: grant.actor.name,
      publishedFrom: grant.publishedFrom,
    };
    const existing = await this.modules.findVersion(module.id, version.text);
    if (existing) this.assertPublishable(existing, content.digest);
    await this.artifacts.commit(staged);
    const stored = existing
      ? await this.modules.reviveVersion(existing.id, content)
      : await this.modules.addVersion(content);
    failpoint('after-version-insert');
    return stored;
  }
}
