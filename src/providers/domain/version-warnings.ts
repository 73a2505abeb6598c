import { oneLine } from '../../kernel/one-line.js';
import type { ProviderVersion } from './provider-version.js';

type WarnedVersion = Pick<
  ProviderVersion,
  'version' | 'state' | 'stateReason' | 'deprecatedAt' | 'deprecationMessage' | 'replacement'
>;

/**
 * One sentence for each range of neighboring versions that are deprecated, or withdrawn, with the same words; shown by
 * the CLI at every `init` under "Additional provider information from registry". Quarantined versions are not spoken of.
 *
 * @param versions newest first
 */
export function versionWarnings(address: string, versions: readonly WarnedVersion[]): string[] {
  const ranges: { readonly newest: string; oldest: string; readonly text: string }[] = [];
  let open: (typeof ranges)[number] | undefined;
  for (const version of versions) {
    if (version.state !== 'active' && version.state !== 'withdrawn') continue;
    const text = warningOf(version);
    if (open !== undefined && open.text === text) open.oldest = version.version;
    else open = text === undefined ? undefined : { newest: version.version, oldest: version.version, text };
    if (open?.newest === version.version) ranges.push(open);
  }
  return ranges.map(({ newest, oldest, text }) =>
    newest === oldest
      ? `Version ${newest} of ${address} is ${text}`
      : `Versions ${oldest} to ${newest} of ${address} are ${text}`,
  );
}

/** What is said about a version, without the number. */
function warningOf(version: WarnedVersion): string | undefined {
  if (version.state === 'withdrawn') return `withdrawn${because(version.stateReason)}`;
  if (version.deprecatedAt === null) return undefined;
  const instead = version.replacement ? ` Use ${version.replacement} instead.` : '';
  return `deprecated${because(version.deprecationMessage)}${instead}`;
}

function because(reason: string | null): string {
  const line = oneLine(reason ?? '');
  return line === '' ? '.' : `: ${line}`;
}
