import { presentLife } from '../../platform/http/version-life.presenter.js';
import type { CountedRelease } from '../provider-catalog.service.js';

/** The rich version list of REST contract 6.2, newest first and complete. */
export function presentRichVersions(
  releases: readonly CountedRelease[],
  warnings: readonly string[],
): object {
  const versions = releases.map(({ version, packages, downloads }) => ({
    id: version.id,
    version: version.version,
    protocols: version.protocols,
    platforms: packages.map((held) => ({
      id: held.id,
      os: held.os,
      arch: held.arch,
      filename: held.filename,
      shasum: held.digest,
      download_count: held.downloads,
    })),
    download_count: downloads,
    ...presentLife(version),
  }));
  return { versions, ...(warnings.length > 0 ? { warnings } : {}) };
}
