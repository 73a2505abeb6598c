import { InvalidBundleSelection } from '../domain/bundle.errors.js';
import type { InventoriedPackage } from '../persistence/bundle-contents.repository.js';

/** What a registry has of mirrored providers: digest by `os_arch`, by version, by `host/namespace/type`. */
export type InventoryTree = Record<string, Record<string, Record<string, string>>>;

const DIGEST = /^[0-9a-f]{64}$/;

/** What one side of an air gap has, so that the other one sends only the rest. */
export class BundleInventory {
  private constructor(private readonly known: ReadonlySet<string>) {}

  /** Of a registry that has nothing. */
  static readonly empty = new BundleInventory(new Set());

  /** Reads the inventory that another registry gave. Throws {@link InvalidBundleSelection}. */
  static parse(tree: unknown): BundleInventory {
    const known = new Set<string>();
    for (const [provider, versions] of entriesOf(tree)) {
      for (const [version, packages] of entriesOf(versions)) {
        for (const [platform, digest] of entriesOf(packages)) {
          if (typeof digest !== 'string' || !DIGEST.test(digest)) throw unreadable();
          known.add(keyOf(provider, version, platform, digest));
        }
      }
    }
    return new BundleInventory(known);
  }

  /** Whether the other side has exactly this package; with other bytes it has another one. */
  has({ host, namespace, type, version, os, arch, digest }: InventoriedPackage): boolean {
    return this.known.has(keyOf(`${host}/${namespace}/${type}`, version, `${os}_${arch}`, digest));
  }
}

/** The inventory of what is here. */
export function inventoryTree(packages: readonly InventoriedPackage[]): InventoryTree {
  const tree: InventoryTree = {};
  for (const { host, namespace, type, version, os, arch, digest } of packages) {
    const provider = (tree[`${host}/${namespace}/${type}`] ??= {});
    const platforms = (provider[version] ??= {});
    platforms[`${os}_${arch}`] = digest;
  }
  return tree;
}

function entriesOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unreadable();
  return Object.entries(value);
}

function keyOf(provider: string, version: string, platform: string, digest: string): string {
  return `${provider} ${version} ${platform} ${digest}`;
}

function unreadable(): InvalidBundleSelection {
  return new InvalidBundleSelection(
    'inventory',
    'give "providers" of what the other side answers to GET /api/v1/admin/mirror-bundles/inventory',
  );
}
