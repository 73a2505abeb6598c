import { Injectable } from '@nestjs/common';
import type { Scope } from '../access/scope.js';
import type { DashboardFacts } from './domain/dashboard.js';

/** The organizations whose things are counted. */
export type CountedOrganizations = 'all' | readonly string[];

/** A part of the dashboard. */
export interface DashboardBlock {
  /** Unique among all blocks. */
  readonly name: string;
  /** What somebody needs in an organization, so that its things are counted for them; absent: to belong to it. */
  readonly scope?: Scope;
  /** The numbers of these organizations, with one statement; never called without any organization. */
  load(organizations: CountedOrganizations): Promise<Partial<DashboardFacts>>;
}

/** The parts of the dashboard; each feature registers its own when the application starts. */
@Injectable()
export class DashboardBlocks {
  private readonly blocks = new Map<string, DashboardBlock>();

  register(block: DashboardBlock): void {
    if (this.blocks.has(block.name)) throw new Error(`The dashboard has two blocks called ${block.name}`);
    this.blocks.set(block.name, block);
  }

  all(): readonly DashboardBlock[] {
    return [...this.blocks.values()];
  }
}
