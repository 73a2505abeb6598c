import { Injectable } from '@nestjs/common';
import type { Page, PageRequest } from '../kernel/page.js';
import type { ObjectCount, SourceCount, StorageMigration } from './domain/storage-migration.js';
import { StorageMigrationNotFound } from './domain/storage-migration.errors.js';
import type { MigrationFailure } from './domain/storage-migration-failure.js';
import { StorageMigrationFailuresRepository } from './persistence/storage-migration-failures.repository.js';
import { StorageMigrationObjectsRepository } from './persistence/storage-migration-objects.repository.js';
import { StorageMigrationsRepository } from './persistence/storage-migrations.repository.js';

const SHOWN_FAILURES = 100;

/** A migration with what is counted when somebody asks. */
export interface MigrationProgress {
  readonly migration: StorageMigration;
  /** Objects with a failure that was not got over, and the latest of them. */
  readonly failed: number;
  readonly failures: readonly MigrationFailure[];
  readonly inSource: SourceCount;
  readonly inTarget: ObjectCount;
}

/** How far migrations are. */
@Injectable()
export class StorageMigrationReports {
  constructor(
    private readonly migrations: StorageMigrationsRepository,
    private readonly objects: StorageMigrationObjectsRepository,
    private readonly failures: StorageMigrationFailuresRepository,
  ) {}

  /** Newest first. */
  async list(request: PageRequest): Promise<Page<StorageMigration>> {
    return { ...request, ...(await this.migrations.list(request)) };
  }

  /** Throws {@link StorageMigrationNotFound}. */
  async get(id: string): Promise<MigrationProgress> {
    const migration = await this.migrations.find(id);
    if (migration === null) throw new StorageMigrationNotFound();
    return {
      migration,
      failed: (await this.failures.count(id)).all,
      failures: await this.failures.list(id, SHOWN_FAILURES),
      inSource: await this.objects.countRows(migration.source),
      inTarget: await this.objects.countUsed(migration.target),
    };
  }
}
