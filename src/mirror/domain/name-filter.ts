import { Glob } from './glob.js';
import { InvalidNameFilter } from './mirror-settings.errors.js';
import { printable } from './printable.js';

const MAX_ENTRIES = 500;
const DEFAULT_NAMESPACE = 'hashicorp';

/** The names of a provider at its upstream. */
export interface ProviderName {
  readonly namespace: string;
  readonly type: string;
}

/** What to ask an upstream for in order to find what a filter wants. */
export type NameQuery =
  | ({ readonly kind: 'provider' } & ProviderName)
  | { readonly kind: 'namespace'; readonly namespace: string }
  | { readonly kind: 'all' };

/**
 * Which providers a mirror wants (REST contract, section 20): a namespace alone means all its providers, a provider
 * alone is one of `hashicorp`, both are combined. Without either nothing is wanted.
 */
export class NameFilter {
  private constructor(
    private readonly namespaces: readonly Glob[],
    private readonly types: readonly Glob[],
  ) {}

  /** Reads names and globs. Throws {@link InvalidNameFilter}. */
  static parse(
    namespaces: readonly string[] | null | undefined,
    types: readonly string[] | null | undefined,
  ): NameFilter {
    const namespaceGlobs = readGlobs('namespace_filter', namespaces ?? []);
    const typeGlobs = readGlobs('provider_filter', types ?? []);
    if (namespaceGlobs.length > 0 && typeGlobs.length === 0) typeGlobs.push(Glob.tryParse('*')!);
    if (namespaceGlobs.length === 0 && typeGlobs.length > 0) {
      namespaceGlobs.push(Glob.tryParse(DEFAULT_NAMESPACE)!);
    }
    return new NameFilter(namespaceGlobs, typeGlobs);
  }

  /** Whether nothing is wanted, because no filter is set or none is left after `restrictedTo`. */
  get isEmpty(): boolean {
    return this.namespaces.length === 0 || this.types.length === 0;
  }

  /** The questions whose answers, passed through `wants`, are all that is wanted. */
  get queries(): readonly NameQuery[] {
    if (this.isEmpty) return [];
    const queries = new Map<string, NameQuery>();
    const exactNamespaces = this.namespaces.filter((one) => one.isExact);
    if (exactNamespaces.length < this.namespaces.length) queries.set('*', { kind: 'all' });
    const isListed = this.types.some((one) => !one.isExact);
    for (const { text: namespace } of exactNamespaces) {
      if (isListed) queries.set(namespace, { kind: 'namespace', namespace });
      for (const { text: type } of this.types.filter((one) => one.isExact)) {
        queries.set(`${namespace}/${type}`, { kind: 'provider', namespace, type });
      }
    }
    return [...queries.values()];
  }

  /** Whether a provider is wanted. */
  wants({ namespace, type }: ProviderName): boolean {
    return (
      this.namespaces.some((one) => one.matches(namespace)) && this.types.some((one) => one.matches(type))
    );
  }

  /** The part of this filter that has this namespace or type; what the filter does not want stays unwanted. */
  restrictedTo({ namespace, type }: Partial<ProviderName>): NameFilter {
    return new NameFilter(restrict(this.namespaces, namespace), restrict(this.types, type));
  }
}

function restrict(globs: readonly Glob[], name: string | undefined): readonly Glob[] {
  if (name === undefined) return globs;
  const exact = Glob.tryParse(name);
  if (exact === undefined || !exact.isExact) return [];
  return globs.some((one) => one.matches(name)) ? [exact] : [];
}

function readGlobs(field: 'namespace_filter' | 'provider_filter', texts: readonly string[]): Glob[] {
  if (texts.length > MAX_ENTRIES) throw new InvalidNameFilter(field, `it has at most ${MAX_ENTRIES} entries`);
  const globs = texts.map((text) => {
    const glob = Glob.tryParse(text);
    if (glob !== undefined) return glob;
    throw new InvalidNameFilter(
      field,
      `${printable(String(text))} is no name or pattern; use letters, digits, "-", "_", and "*" or "?" as wildcards`,
    );
  });
  return [...new Map(globs.map((glob) => [glob.text, glob])).values()];
}
