import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import { presentLife } from '../../platform/http/version-life.presenter.js';
import type { ModuleVersion } from '../domain/module-version.js';
import type { CountedModuleVersion } from '../module-catalog.service.js';

/** The rich version list of REST contract 6.1: exactly one module, all of its versions. */
export function presentRichVersions(
  address: ModuleAddress,
  versions: readonly CountedModuleVersion<ModuleVersion>[],
  withReadme: boolean,
): object {
  const listed = versions.map((version) => ({
    id: version.id,
    version: version.version,
    download_count: version.downloads,
    readme: withReadme ? (version.readme ?? undefined) : undefined,
    ...presentLife(version),
  }));
  return { modules: [{ source: address.toString(), versions: listed }] };
}
