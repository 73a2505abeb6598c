import { NamespaceName } from './namespace-name.js';
import { registrySegment } from './registry-segment.js';
import { InvalidAddress } from './terraform.errors.js';

/** The address of a provider in this registry. Clients ask in lower case, so the namespace is kept that way. */
export class ProviderAddress {
  private constructor(
    readonly namespace: string,
    readonly type: string,
    /** Host name of the upstream that a mirror brought it from, in lower case; `''` for what is published here. */
    readonly host: string,
  ) {}

  /** Throws {@link InvalidAddress} naming the part that is wrong. Upper case in the namespace is folded. */
  static parse(parts: { namespace: string; type: string }): ProviderAddress {
    const namespace = NamespaceName.parse(parts.namespace).text.toLowerCase();
    if (!registrySegment.isProviderType(parts.type)) {
      throw new InvalidAddress(
        'type',
        'use 1 to 64 lower-case ASCII letters, digits and hyphens, beginning and ending with a letter or digit',
      );
    }
    return new ProviderAddress(namespace, parts.type, '');
  }

  /** The provider of this name that mirrors brought from `host`, perhaps with a port; `''` for the one published here. */
  from(host: string): ProviderAddress {
    return new ProviderAddress(this.namespace, this.type, host.toLowerCase());
  }

  /**
   * The name under which it stands who may read the provider: its namespace, or `host/namespace/type` where a mirror
   * brought it. No namespace has a slash.
   */
  get readers(): string {
    return this.host === '' ? this.namespace : `${this.host}/${this.toString()}`;
  }

  /** Like {@link parse}; refuses also the types that no client can ask for: with `--`, or beginning with `terraform-`. */
  static parseForPublish(parts: { namespace: string; type: string }): ProviderAddress {
    const address = ProviderAddress.parse(parts);
    if (address.type.includes('--')) {
      throw new InvalidAddress('type', 'two hyphens in a row are not allowed, no client could ask for it');
    }
    if (address.type.startsWith('terraform-')) {
      throw new InvalidAddress('type', 'leave out "terraform-" at the beginning, no client could ask for it');
    }
    return address;
  }

  /** The host in {@link readers} of a mirrored provider; `''` when it is a namespace. */
  static hostOf(readers: string): string {
    return readers.slice(0, Math.max(0, readers.indexOf('/')));
  }

  /** `namespace/type` */
  toString(): string {
    return `${this.namespace}/${this.type}`;
  }

  /** `/v1/providers/namespace/type` */
  get protocolPath(): string {
    return `/v1/providers/${this.toString()}`;
  }
}
