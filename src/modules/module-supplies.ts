import { Injectable } from '@nestjs/common';
import type { ModuleSupply } from './domain/module-supply.js';

/** Where versions come from that are not here; a feature that fetches modules makes itself known. */
@Injectable()
export class ModuleSupplies {
  private readonly supplies: ModuleSupply[] = [];

  /** Makes a source of modules known. */
  register(supply: ModuleSupply): void {
    this.supplies.push(supply);
  }

  /** Who fetches modules of this namespace on demand; `undefined`: nobody. */
  of(namespace: string): ModuleSupply | undefined {
    return this.supplies.find((supply) => supply.isOf(namespace));
  }
}
