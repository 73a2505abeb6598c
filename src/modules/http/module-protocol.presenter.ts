import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import { Version } from '../../kernel/terraform/version.js';
import { presentLife } from '../../platform/http/version-life.presenter.js';
import type { ModuleVersion } from '../domain/module-version.js';
import type { CountedModuleVersion } from '../module-catalog.service.js';

/** The prepared version list of a module. */
export interface LeanVersions {
  readonly modules: readonly { readonly versions: readonly ListedVersion[] }[];
}

interface ListedVersion {
  readonly version: string;
}

/** The rich entries of REST contract 6.1, newest first: what is here, and what is fetched when somebody asks for it. */
export function presentRichVersions(
  held: readonly CountedModuleVersion<ModuleVersion>[],
  more: readonly string[],
  withReadme: boolean,
): readonly object[] {
  const listed = held.map((version) => ({
    id: version.id,
    version: version.version,
    download_count: version.downloads,
    readme: withReadme ? (version.readme ?? undefined) : undefined,
    ...presentLife(version),
  }));
  const supplied = more.map((version) => ({ version, download_count: 0 }));
  return supplied.length === 0 ? listed : newestFirst([...listed, ...supplied]);
}

/** A version list: exactly one module. */
export function presentModule(address: ModuleAddress, versions: readonly object[]): object {
  return { modules: [{ source: address.toString(), versions }] };
}

/** The lean list of what is here, and what is fetched when somebody asks for it. */
export function presentWithMore(
  address: ModuleAddress,
  held: LeanVersions | undefined,
  more: readonly string[],
): object {
  const listed = held?.modules[0]?.versions ?? [];
  return presentModule(address, newestFirst([...listed, ...more.map((version) => ({ version }))]));
}

function newestFirst<T extends ListedVersion>(versions: readonly T[]): readonly T[] {
  const unique = new Map<string, T>();
  // What was said first stays: an entry that is here says more than one that is fetched.
  for (const entry of versions) if (!unique.has(entry.version)) unique.set(entry.version, entry);
  return [...unique.values()]
    .map((entry) => ({ entry, version: Version.parse(entry.version) }))
    .sort((one, other) => other.version.compare(one.version))
    .map(({ entry }) => entry);
}
