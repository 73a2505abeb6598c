import { packageName, packZip, shasumsOf, type PackedFile } from '../../build-fixtures.js';
import type { UpstreamKey } from './upstream-keys.js';

export const NAMESPACE = 'acme';
export const TYPE = 'widget';
export const VERSION = '1.2.0';
/** The platforms of every release of the fake. */
export const PLATFORMS = ['linux_amd64', 'darwin_arm64'] as const;

/** What an upstream has of one version. */
export interface FakeRelease {
  /** By file name. */
  readonly packages: Readonly<Record<string, Buffer>>;
  readonly shasums: string;
  readonly signature: Buffer;
  /** The digests that the JSON tells, by file name; those of the packages when absent. */
  readonly toldDigests?: Readonly<Record<string, string>>;
}

/** The files of an honest package: the same bytes on every machine and in every run. */
export function packageFiles(version: string, platform: string): PackedFile[] {
  return [
    { name: 'LICENSE.txt', data: 'Test only, no rights given.\n' },
    {
      name: `terraform-provider-${TYPE}_v${version}`,
      data: `#!/bin/sh\necho "${TYPE} ${version} ${platform}"\n`.repeat(2000),
      mode: 0o755,
    },
  ];
}

/** An honest package. */
export function packageBytes(version: string, platform: string): Buffer {
  return packZip(packageFiles(version, platform));
}

/** The release of a version, signed; `packages` and `shasums` replace what an honest upstream would have. */
export async function makeRelease(
  signer: UpstreamKey,
  version: string = VERSION,
  change: {
    packages?: (honest: Buffer, platform: string) => Buffer;
    shasums?: (honest: string) => string;
  } = {},
): Promise<FakeRelease> {
  const packages = Object.fromEntries(
    PLATFORMS.map((platform) => {
      const honest = packageBytes(version, platform);
      return [packageName(TYPE, version, platform), change.packages?.(honest, platform) ?? honest];
    }),
  );
  const honest = shasumsOf(packages);
  const shasums = change.shasums?.(honest) ?? honest;
  return { packages, shasums, signature: await signer.sign(shasums) };
}
