import type { ProviderVersion } from './provider-version.js';

/**
 * One sentence for each deprecated version, shown by the CLI at every `init` under "Additional provider
 * information from registry".
 */
export function deprecationWarnings(address: string, versions: readonly ProviderVersion[]): string[] {
  return versions
    .filter((version) => version.deprecatedAt !== null)
    .map((version) => {
      const sentence = `Version ${version.version} of ${address} is deprecated`;
      return version.deprecationMessage ? `${sentence}: ${version.deprecationMessage}` : `${sentence}.`;
    });
}
