/** One platform of a mirrored version. */
export class MirroredPlatformDto {
  id!: string;
  provider_version_id!: string;
  os!: string;
  arch!: string;
  filename!: string;
  /** SHA-256, hex. */
  shasum!: string;
}

/** A version that a mirror brought here. */
export class MirroredVersionDto {
  id!: string;
  mirrored_provider_id!: string;
  provider_version_id!: string;
  /** The exact text of the upstream. */
  upstream_version!: string;
  synced_at!: string;
  shasum_verified!: boolean;
  gpg_verified!: boolean;
  platforms!: MirroredPlatformDto[];
}

/** A provider that a mirror brought here. */
export class MirroredProviderDto {
  id!: string;
  mirror_config_id!: string;
  provider_id!: string;
  upstream_namespace!: string;
  upstream_type!: string;
  last_synced_at!: string;
  last_sync_version?: string;
  sync_enabled!: boolean;
  created_at!: string;
  /** Newest first. */
  versions!: MirroredVersionDto[];
}

/** Everything that a mirror brought here. */
export class MirroredProviderListDto {
  providers!: MirroredProviderDto[];
}
