import { NamespaceName } from './namespace-name.js';
import { registrySegment } from './registry-segment.js';
import { InvalidAddress } from './terraform.errors.js';

const RESERVED_SYSTEMS: ReadonlySet<string> = new Set(['versions', 'download']);

/** The address of a module in this registry, in the spelling it was given in. */
export class ModuleAddress {
  private constructor(
    readonly namespace: string,
    readonly name: string,
    readonly system: string,
  ) {}

  /** Throws {@link InvalidAddress} naming the part that is wrong. */
  static parse(parts: { namespace: string; name: string; system: string }): ModuleAddress {
    const namespace = NamespaceName.parse(parts.namespace).text;
    if (!registrySegment.isName(parts.name)) {
      throw new InvalidAddress('name', registrySegment.nameRule);
    }
    if (!registrySegment.isSystem(parts.system)) {
      throw new InvalidAddress('system', 'use 1 to 64 lower-case ASCII letters and digits, e.g. aws');
    }
    if (RESERVED_SYSTEMS.has(parts.system)) {
      throw new InvalidAddress('system', `"${parts.system}" is reserved, choose another name`);
    }
    return new ModuleAddress(namespace, parts.name, parts.system);
  }

  /** `namespace/name/system` */
  toString(): string {
    return `${this.namespace}/${this.name}/${this.system}`;
  }

  /** `/v1/modules/namespace/name/system` */
  get protocolPath(): string {
    return `/v1/modules/${this.toString()}`;
  }
}
