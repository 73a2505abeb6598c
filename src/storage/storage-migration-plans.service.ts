import { Injectable } from '@nestjs/common';
import { InvalidInput } from '../kernel/invalid-input.js';
import type { MigrationPlan, ObjectCount } from './domain/storage-migration.js';
import { StorageMigrationObjectsRepository } from './persistence/storage-migration-objects.repository.js';
import { StoragePlaceTaken, StorageUnusable } from './storage-configurations.errors.js';
import { StorageProbe } from './storage-probe.service.js';
import { StorageSettings } from './storage-settings.service.js';

/** What would be moved, and whether it can be. */
@Injectable()
export class StorageMigrationPlans {
  constructor(
    private readonly settings: StorageSettings,
    private readonly probe: StorageProbe,
    private readonly objects: StorageMigrationObjectsRepository,
  ) {}

  /** What a migration would move now. Throws `InvalidInput` that names the field for storages that are not known. */
  async plan(source: string, target: string): Promise<MigrationPlan> {
    await this.assertKnown(source, target);
    const toMove = await this.objects.countUsed(source);
    return { source, target, toMove, inTarget: await this.objects.countInBoth(source, target) };
  }

  /**
   * Uses both storages, and makes sure that they are not the same place under two names: then the sweep of the source
   * would remove what is in the target. Answers what there is to move. Throws `InvalidInput` that says what to change.
   */
  async prepare(source: string, target: string): Promise<ObjectCount> {
    await this.assertKnown(source, target);
    await this.assertUsable('source', source);
    await this.assertUsable('target', target);
    return this.objects.countUsed(source);
  }

  private async assertKnown(source: string, target: string): Promise<void> {
    const known = (await this.settings.current()).all.map(({ name }) => name);
    const wanted = `must be the id of a storage configuration or a backend of the file: ${known.join(', ')}`;
    const fields: Record<string, string> = {};
    if (!known.includes(source)) fields['source'] = wanted;
    if (!known.includes(target)) fields['target'] = wanted;
    else if (source === target) fields['target'] = 'must be another storage than source';
    if (Object.keys(fields).length > 0)
      throw new InvalidInput('A migration needs two different storages that this registry knows', { fields });
  }

  private async assertUsable(field: 'source' | 'target', name: string): Promise<void> {
    const storage = await this.settings.find(name);
    try {
      await this.probe.probeKnown(storage!, { apartFrom: name });
    } catch (error) {
      if (!(error instanceof StorageUnusable) && !(error instanceof StoragePlaceTaken)) throw error;
      throw new InvalidInput(`The ${field} cannot be used: ${error.message}`, {
        fields: { [field]: error.message },
      });
    }
  }
}
