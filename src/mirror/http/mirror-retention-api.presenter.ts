import type { MirrorSpaceReport } from '../retention/mirror-space.service.js';
import type { MirrorSpaceDto } from './mirror-retention-api.dto.js';

/** What a mirror takes, as the API shows it. */
export function presentMirrorSpace({
  providers,
  packages,
  total,
  freeable,
}: MirrorSpaceReport): MirrorSpaceDto {
  return {
    providers: providers.map(({ namespace, type, versions, ...sums }) => ({
      namespace,
      provider_name: type,
      packages: sums.packages,
      bytes: sums.bytes,
      versions: versions.map(({ version, retention, isPinned, lastUsedOn, ...size }) => ({
        version,
        packages: size.packages,
        bytes: size.bytes,
        pinned: isPinned,
        last_used: lastUsedOn,
        would_be_removed: retention === 'removed',
        retention,
      })),
    })),
    total_packages: packages,
    total_bytes: total.bytes,
    freeable_objects: freeable.objects,
    freeable_bytes: freeable.bytes,
  };
}
