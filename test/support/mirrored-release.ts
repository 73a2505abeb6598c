import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type MirroredOrigin,
  type MirroredRelease,
  ProviderIngest,
} from '../../src/providers/provider-ingest.service.js';
import type { PublishedRelease } from '../../src/providers/provider-publishing.service.js';
import { packageName, providerPackage, shasumsOf } from './build-fixtures.js';
import { makeUpstreamKeys, type UpstreamKey } from './fakes/upstream/upstream-keys.js';
import type { TestApp } from './test-app.js';

/** The public registry, as far as tests know. */
export const UPSTREAM_HOST = 'registry.terraform.io';

let honest: Promise<UpstreamKey> | undefined;

/** What a test wants to have mirrored; everything has a default but the type. */
export interface WantedRelease {
  readonly host?: string;
  readonly namespace?: string;
  readonly type: string;
  readonly version?: string;
  /** What is brought; `linux_amd64` alone unless given. */
  readonly platforms?: readonly string[];
  /** What SHA256SUMS lists; the platforms that are brought unless given. */
  readonly listed?: readonly string[];
  readonly protocols?: readonly string[];
  /** Whose readers may have it; everybody unless given. */
  readonly organizationId?: string | null;
  readonly since?: Date;
  /** Other bytes of the package of a platform. */
  readonly bytes?: (platform: string) => Buffer;
  readonly fence?: () => Promise<void>;
  /** How much later lists may show it, in milliseconds; at once unless given. */
  readonly listWithinMs?: number;
}

/** The key that signs what {@link mirrorRelease} brings. Made once for each worker. TEST ONLY. */
export function mirrorSigner(): Promise<UpstreamKey> {
  honest ??= makeUpstreamKeys().then((keys) => keys.honest);
  return honest;
}

/** Brings a made-up signed release into an application as a mirror does after it has verified everything. */
export async function mirrorRelease(app: TestApp, wanted: WantedRelease): Promise<PublishedRelease> {
  const folder = await mkdtemp(join(tmpdir(), 'tfr-mirrored-'));
  try {
    const { origin, release } = await mirroredRelease(folder, wanted);
    return await app.get(ProviderIngest).ingest(origin, release, wanted);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The same as what `ProviderIngest.ingest` takes, with the packages in `folder`. */
export async function mirroredRelease(
  folder: string,
  wanted: WantedRelease,
): Promise<{ origin: MirroredOrigin; release: MirroredRelease }> {
  const { type, version = '1.0.0', platforms = ['linux_amd64'] } = wanted;
  const listed = wanted.listed ?? platforms;
  const bytesOf = wanted.bytes ?? ((platform: string) => providerPackage(type, version, platform));
  const files = Object.fromEntries(
    [...new Set([...listed, ...platforms])].map((platform) => [
      packageName(type, version, platform),
      bytesOf(platform),
    ]),
  );
  const signer = await mirrorSigner();
  const text = shasumsOf(
    Object.fromEntries(
      listed.map((platform) => {
        const name = packageName(type, version, platform);
        return [name, files[name]!];
      }),
    ),
  );
  const packages = [];
  for (const platform of platforms) {
    const [os = '', arch = ''] = platform.split('_');
    const filename = packageName(type, version, platform);
    const bytes = files[filename]!;
    const path = join(folder, filename);
    await writeFile(path, bytes);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const h1 = `h1:${createHash('sha256').update(`made up ${digest}`).digest('base64')}`;
    packages.push({ os, arch, filename, digest, h1, sizeBytes: bytes.length, path });
  }
  const { organizationId = null, since = new Date('2026-01-01T00:00:00Z') } = wanted;
  const { host = UPSTREAM_HOST, namespace = 'hashicorp', protocols = ['5.0'] } = wanted;
  const actor = { userId: null, name: 'mirror test' };
  const sums = {
    text,
    signature: await signer.sign(text),
    keyFingerprint: signer.fingerprint,
    keyArmor: signer.armor,
  };
  return {
    origin: { host, namespace, type, organizationId, since, actor },
    release: { version, protocols, packages, sums },
  };
}

/** `/terraform/providers/<host>/<namespace>/<type>` */
export function mirrorPath({ host = UPSTREAM_HOST, namespace = 'hashicorp', type }: WantedRelease): string {
  return `/terraform/providers/${host}/${namespace}/${type}`;
}
