import { registrySegment } from './registry-segment.js';
import { InvalidAddress } from './terraform.errors.js';

const RESERVED: ReadonlySet<string> = new Set(['search', 'versions', 'download']);

/**
 * The form in which namespaces are unique: lower case, `_` is `-`. The address of a mirrored provider, which stands for
 * its readers like a namespace and has slashes, is exact already.
 */
export function foldNamespace(name: string): string {
  return name.includes('/') ? name : name.toLowerCase().replaceAll('_', '-');
}

/** A legal name of a namespace, in the spelling of its owner. */
export class NamespaceName {
  private constructor(
    readonly text: string,
    /** The unique form, see {@link foldNamespace}. */
    readonly folded: string,
  ) {}

  /** Throws {@link InvalidAddress} for names outside the grammar of addresses and for reserved ones. */
  static parse(text: string): NamespaceName {
    if (!registrySegment.isName(text)) {
      throw new InvalidAddress('namespace', registrySegment.nameRule);
    }
    const folded = foldNamespace(text);
    if (RESERVED.has(folded)) {
      throw new InvalidAddress('namespace', `"${folded}" is reserved, choose another name`);
    }
    return new NamespaceName(text, folded);
  }

  toString(): string {
    return this.text;
  }
}
