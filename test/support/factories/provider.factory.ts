import { packageName, providerPackage, shasumsOf } from '../build-fixtures.js';
import type { TestSigner } from '../build-fixtures.js';
import type { ProviderPublish, ReleasePublish } from '../publish-client.js';
import { uniqueName } from './names.js';

type OnePlatform = ProviderPublish & Required<Pick<ProviderPublish, 'namespace' | 'type' | 'os' | 'arch'>>;

/** One platform (linux/amd64) of a provider of a new type in the namespace `acme`. */
export function aProvider(given: Partial<ProviderPublish> = {}): OnePlatform {
  const type = given.type ?? uniqueName('cloud');
  const { version = '1.0.0', os = 'linux', arch = 'amd64' } = given;
  const file = given.file ?? providerPackage(type, version, `${os}_${arch}`);
  return { namespace: 'acme', ...given, type, version, os, arch, file };
}

/** The same provider for another platform. */
export function onPlatform(provider: OnePlatform, os: string, arch: string): OnePlatform {
  const { type, version } = provider;
  return { ...provider, os, arch, file: providerPackage(type, version, `${os}_${arch}`) };
}

/** A release with its checksum document, signed by `signer`. */
export type SignedRelease = Required<ReleasePublish>;

/** A release of these platforms, signed by its publisher. */
export async function aSignedRelease(
  signer: TestSigner,
  given: Partial<ReleasePublish> & { platforms?: readonly string[] } = {},
): Promise<SignedRelease> {
  const {
    type = uniqueName('signed'),
    version = '1.0.0',
    platforms = ['linux_amd64', 'darwin_arm64'],
  } = given;
  const packages =
    given.packages ??
    Object.fromEntries(
      platforms.map((platform) => [
        packageName(type, version, platform),
        providerPackage(type, version, platform),
      ]),
    );
  const shasums = given.shasums ?? shasumsOf(packages);
  return {
    namespace: given.namespace ?? 'acme',
    type,
    version,
    packages,
    shasums,
    shasumsSignature: given.shasumsSignature ?? (await signer.sign(shasums)),
    publicKey: given.publicKey ?? signer.publicKey,
  };
}

/** One platform of a signed release, as a call of its own with the checksum document. */
export function oneOf(release: SignedRelease, os: string, arch: string): OnePlatform {
  const { namespace, type, version, shasums, shasumsSignature, publicKey } = release;
  const file = release.packages[packageName(type, version, `${os}_${arch}`)];
  if (file === undefined) throw new Error(`The release has no ${os}_${arch}`);
  return { namespace, type, version, os, arch, file, shasums, shasumsSignature, publicKey };
}

/** `/v1/providers/<namespace>/<type>` */
export function providerProtocolPath(provider: { namespace: string; type: string }): string {
  return `/v1/providers/${provider.namespace}/${provider.type}`;
}

/** `/api/v1/providers/<namespace>/<type>` */
export function providerApiPath(provider: { namespace: string; type: string }): string {
  return `/api${providerProtocolPath(provider)}`;
}
