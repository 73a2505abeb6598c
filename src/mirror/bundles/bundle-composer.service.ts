import { Injectable } from '@nestjs/common';
import { ServerConfig } from '../../config/server.config.js';
import { Clock } from '../../kernel/clock.js';
import { Platform } from '../../kernel/terraform/platform.js';
import { RegistrySigning } from '../../providers/registry-signing.service.js';
import { BundleTooLarge } from '../domain/bundle.errors.js';
import { parseUpstreamVersion } from '../domain/upstream-version.js';
import {
  BundleContentsRepository,
  type StoredRelease,
  type StoredReleaseName,
} from '../persistence/bundle-contents.repository.js';
import type { BundleHead } from './bundle-head.js';
import { bundleLength } from './bundle-length.js';
import { type BundledRelease, MAX_MANIFEST_BYTES } from './bundle-manifest.js';
import type { BundleSelection } from './bundle-selection.js';
import { formatManifest } from './manifest-text.js';

const AT_A_TIME = 100;

/** A bundle that was decided and signed, and whose packages are still to be written. */
export interface ComposedBundle {
  readonly head: BundleHead;
  readonly releases: readonly BundledRelease[];
  readonly signerFingerprint: string;
  /** Of the whole file. */
  readonly sizeBytes: number;
}

/** Decides what goes into a bundle, and signs the list of it. */
@Injectable()
export class BundleComposer {
  constructor(
    private readonly contents: BundleContentsRepository,
    private readonly signing: RegistrySigning,
    private readonly server: ServerConfig,
    private readonly clock: Clock,
  ) {}

  /** Everything that is offered here, selected, and not in the inventory of the other side. Throws {@link BundleTooLarge}. */
  async compose(selection: BundleSelection): Promise<ComposedBundle> {
    const releases = await this.read(selectNames(await this.contents.offered(), selection), selection);
    const manifest = formatManifest({
      createdAt: this.clock.now(),
      exportedBy: this.server.publicUrl,
      releases,
    });
    const { signature, keyArmor, keyFingerprint } = await this.signing.sign(manifest);
    const head = { manifest, signature, signer: Buffer.from(keyArmor) };
    return { head, releases, signerFingerprint: keyFingerprint, sizeBytes: bundleLength(head, releases) };
  }

  private async read(
    names: readonly StoredReleaseName[],
    selection: BundleSelection,
  ): Promise<BundledRelease[]> {
    const releases: BundledRelease[] = [];
    let sumBytes = 0;
    for (let at = 0; at < names.length; at += AT_A_TIME) {
      const page = names.slice(at, at + AT_A_TIME);
      const stored = await this.contents.releases(page.map(({ versionId }) => versionId));
      const byId = new Map(stored.map((one) => [one.versionId, one]));
      for (const name of page) {
        const found = byId.get(name.versionId);
        const release = found && releaseOf(name, found, selection);
        if (release === undefined) continue;
        releases.push(release);
        sumBytes += release.shasums.length;
        // Long before the list is written: its parts are held in memory.
        if (sumBytes > MAX_MANIFEST_BYTES) {
          throw new BundleTooLarge(
            `The checksums of the first ${releases.length} versions fill a list already`,
          );
        }
      }
    }
    return releases;
  }
}

/** Those whose address and version are selected. */
function selectNames(
  offered: readonly StoredReleaseName[],
  { hosts, names, versions }: BundleSelection,
): StoredReleaseName[] {
  const byProvider = Map.groupBy(offered, ({ host, namespace, type }) => `${host}/${namespace}/${type}`);
  return [...byProvider.values()].flatMap((group) => {
    const [{ host, namespace, type }] = group as [StoredReleaseName];
    if (hosts !== null && !hosts.has(host)) return [];
    if (names !== null && !names.wants({ namespace, type })) return [];
    const readable = group.flatMap((one) => {
      const version = parseUpstreamVersion(one.version);
      return version === undefined ? [] : [{ ...version, one }];
    });
    return versions.select(readable).map(({ one }) => one);
  });
}

/** Without what is not selected or known on the other side; undefined when nothing is left. */
function releaseOf(
  { host, namespace, type, version }: StoredReleaseName,
  { protocols, firstSeenAt, shasums, signature, keyArmor, packages }: StoredRelease,
  { platforms, inventory }: BundleSelection,
): BundledRelease | undefined {
  const wanted = (packages ?? []).flatMap(({ os, arch, ...held }) => {
    const platform = Platform.parse({ os, arch });
    if (!platforms.wants(platform)) return [];
    const facts = { host, namespace, type, version, os, arch, digest: held.digest };
    return inventory.has(facts) ? [] : [{ platform, ...held }];
  });
  if (wanted.length === 0) return undefined;
  return {
    ...{ host, namespace, type, protocols, firstSeenAt, signature, keyArmor },
    version: parseUpstreamVersion(version)!,
    // As it was received, byte for byte: it is stored as text of single bytes.
    shasums: Buffer.from(shasums, 'latin1'),
    packages: wanted,
  };
}
