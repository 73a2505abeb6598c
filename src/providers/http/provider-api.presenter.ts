import { presentLife } from '../../platform/http/version-life.presenter.js';
import type { CountedRelease, ProviderDetail } from '../provider-catalog.service.js';
import type { PublishedRelease } from '../provider-publishing.service.js';
import type {
  ProviderDetailDto,
  ProviderVersionDto,
  PublishedPlatformDto,
  PublishedReleaseDto,
} from './provider-api.dto.js';

/** The 201 of REST contract 16 for one platform. */
export function presentPublishedPlatform(published: PublishedRelease): PublishedPlatformDto {
  const { os, arch, digest, sizeBytes, filename } = published.packages[0]!;
  return {
    ...presentVersionIdentity(published),
    os,
    arch,
    checksum: digest,
    size_bytes: sizeBytes,
    filename,
  };
}

/** The 201 of REST contract 16 for a release in one call. */
export function presentPublishedRelease(published: PublishedRelease): PublishedReleaseDto {
  const platforms = published.packages.map(({ os, arch, digest, sizeBytes, filename }) => ({
    os,
    arch,
    checksum: digest,
    size_bytes: sizeBytes,
    filename,
  }));
  return { ...presentVersionIdentity(published), platforms };
}

function presentVersionIdentity({
  provider,
  version,
}: PublishedRelease): Omit<PublishedReleaseDto, 'platforms'> {
  return {
    id: provider.id,
    namespace: provider.namespace,
    type: provider.type,
    version: version.version,
    protocols: version.protocols,
    version_id: version.id,
    signed: version.signedBy === 'publisher',
  };
}

/** The detail of REST contract 16. */
export function presentDetail({ provider, releases, ...detail }: ProviderDetail): ProviderDetailDto {
  return {
    id: provider.id,
    organization_id: provider.organizationId,
    organization_name: detail.organizationName,
    namespace: provider.namespace,
    type: provider.type,
    description: provider.description,
    source: provider.source,
    download_count: detail.downloads,
    created_by: provider.createdBy,
    created_by_name: provider.createdByName,
    latest_version: detail.latestVersion,
    versions: releases.map(presentRelease),
    created_at: provider.createdAt.toISOString(),
    updated_at: provider.updatedAt.toISOString(),
  };
}

function presentRelease({ version, packages }: CountedRelease): ProviderVersionDto {
  return {
    id: version.id,
    version: version.version,
    protocols: version.protocols,
    created_at: version.createdAt.toISOString(),
    signed: version.signedBy === 'publisher',
    platforms: packages.map((held) => ({
      id: held.id,
      os: held.os,
      arch: held.arch,
      filename: held.filename,
      shasum: held.digest,
      size_bytes: held.sizeBytes,
      download_count: held.downloads,
    })),
    ...presentLife(version),
  };
}
