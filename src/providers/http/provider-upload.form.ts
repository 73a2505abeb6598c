import { InvalidInput } from '../../kernel/invalid-input.js';
import { parsePackageFilename } from '../../kernel/terraform/package-filename.js';
import { Platform } from '../../kernel/terraform/platform.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { Version } from '../../kernel/terraform/version.js';
import { parseForm } from '../../platform/http/form-fields.js';
import type { ReceivedUpload, SpooledFile } from '../../platform/http/received-upload.js';
import { parseProtocols } from '../domain/protocol-versions.js';
import { InvalidProviderBinary, InvalidReleaseChecksums } from '../domain/providers.errors.js';
import type { PackageUpload, ReleaseUpload } from '../provider-publishing.service.js';
import { PublishProviderDto } from './provider-api.dto.js';

/** A provider upload, parsed at the door. */
export interface ProviderUploadForm {
  readonly address: ProviderAddress;
  readonly version: Version;
  readonly release: ReleaseUpload;
  /** Several platforms in one call. */
  readonly isWholeRelease: boolean;
  readonly about: { readonly description?: string; readonly source?: string };
  readonly organizationId?: string;
}

const REQUIRED = ['namespace', 'type', 'version', 'os', 'arch'] as const;

/**
 * Reads the parts of `POST /api/v1/providers` (REST contract 16): one platform with `os` and `arch`, or a
 * release of several `file` parts under their canonical names without them.
 *
 * @throws InvalidInput, InvalidAddress, InvalidVersion, InvalidPlatform, InvalidProtocols,
 *   InvalidProviderBinary, InvalidReleaseChecksums
 */
export async function readProviderUpload(upload: ReceivedUpload): Promise<ProviderUploadForm> {
  const files = upload.files.filter(({ field }) => field === 'file');
  const { os, arch } = upload.fields;
  const isWholeRelease = !os && !arch && (files.length > 1 || upload.file('shasums_file') !== undefined);
  const form = parseForm(
    PublishProviderDto,
    upload.fields,
    isWholeRelease ? ['namespace', 'type', 'version'] : REQUIRED,
  );
  const address = ProviderAddress.parseForPublish(form);
  const version = Version.parse(form.version);
  if (files.length === 0) throw new InvalidInput('Missing or invalid file upload');
  const packages = isWholeRelease
    ? wholeRelease(files, address, version)
    : [onePlatform(files, Platform.parse({ os: form.os!, arch: form.arch! }))];
  const shasums = await upload.bytes('shasums_file');
  const signature = await upload.bytes('shasums_signature_file');
  if (isWholeRelease && (!shasums || !signature)) {
    throw new InvalidReleaseChecksums('a release in one call needs shasums_file and shasums_signature_file');
  }
  const docs = upload.file('docs_file');
  const publisherKey = (await upload.fieldOrFile('gpg_public_key')) || undefined;
  return {
    address,
    version,
    isWholeRelease,
    release: { packages, protocols: parseProtocols(form.protocols), publisherKey, shasums, signature, docs },
    about: { description: form.description, source: form.source },
    organizationId: form.organization_id,
  };
}

function onePlatform(files: readonly SpooledFile[], platform: Platform): PackageUpload {
  if (files.length > 1)
    throw new InvalidInput('Send one file with os and arch, or several files without them');
  const { path, size, digest } = files[0]!;
  return { platform, path, size, digest };
}

function wholeRelease(
  files: readonly SpooledFile[],
  address: ProviderAddress,
  version: Version,
): PackageUpload[] {
  const packages = files.map(({ filename, path, size, digest }) => {
    const parsed = parsePackageFilename(filename);
    if (!parsed || parsed.type !== address.type || parsed.version !== version.text) {
      throw new InvalidProviderBinary(
        `a file of a release is named terraform-provider-${address.type}_${version.text}_<os>_<arch>.zip`,
      );
    }
    return { platform: parsed.platform, path, size, digest };
  });
  const platforms = new Set(packages.map(({ platform }) => platform.key));
  if (platforms.size < packages.length)
    throw new InvalidProviderBinary('two files are for the same platform');
  return packages;
}
