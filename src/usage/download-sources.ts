import { Injectable } from '@nestjs/common';
import type { Scope } from '../access/scope.js';
import type { DomainError } from '../kernel/errors.js';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import type { Readable } from '../orgs/domain/readable.js';
import type { DayRange } from './domain/day.js';
import type { DownloadTarget, Usage } from './domain/usage.js';

/** What a feature knows of the things whose downloads are counted. */
export interface DownloadSource<Address> {
  /** The scope that reading them needs. */
  readonly scope: Scope;
  /** Everything of this address that was ever counted, newest version first; throws {@link notFound}. */
  targets(address: Address): Promise<readonly DownloadTarget[]>;
  /** The name under which it stands who may read something; the namespace where there is no such method. */
  readersOf?(address: Address): Promise<string>;
  /** What is downloaded most of what a caller may read, by address; one statement. */
  top(readable: Readable, range: DayRange, limit: number): Promise<Usage>;
  /** What is told to whom something does not exist. */
  notFound(): DomainError;
}

/** Modules and providers as seen by this feature, which knows neither. */
@Injectable()
export class DownloadSources {
  private moduleSource: DownloadSource<ModuleAddress> | undefined;
  private providerSource: DownloadSource<ProviderAddress> | undefined;

  /** Called once when the application starts. */
  registerModules(source: DownloadSource<ModuleAddress>): void {
    this.moduleSource = source;
  }

  /** Called once when the application starts. */
  registerProviders(source: DownloadSource<ProviderAddress>): void {
    this.providerSource = source;
  }

  get modules(): DownloadSource<ModuleAddress> {
    if (this.moduleSource === undefined) throw new Error('No source of modules is registered');
    return this.moduleSource;
  }

  get providers(): DownloadSource<ProviderAddress> {
    if (this.providerSource === undefined) throw new Error('No source of providers is registered');
    return this.providerSource;
  }
}
