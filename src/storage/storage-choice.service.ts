import { Injectable } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { type BackendEntry, fieldsOf, givenIn, valueIn } from './backend-fields.js';
import { BackendInput } from './backend-input.service.js';
import type { BackendSettings } from './domain/backend-settings.js';
import { placeOf } from './domain/storage-place.js';
import { FileBackends } from './file-backends.js';
import {
  type StorageConfiguration,
  StorageConfigurationStore,
} from './storage-configuration-store.service.js';
import { StoredConfigurationsRefused } from './storage-configurations.errors.js';
import { StorageProbe } from './storage-probe.service.js';

/** Under this id the storage of file and environment is shown. */
const FILE_CONFIGURATION_ID = '00000000-0000-0000-0000-000000000000';

/** A storage that passed its test. */
export interface TestedChoice {
  readonly settings: BackendSettings;
  /** The storage of file and environment, which needs no configuration. */
  readonly isOfFile: boolean;
  /** What is stored for the same place already. */
  readonly stored?: StorageConfiguration;
}

/** The storage that is chosen in the first-run setup: that of file and environment, or one to be stored. */
@Injectable()
export class StorageChoice {
  constructor(
    private readonly store: StorageConfigurationStore,
    private readonly input: BackendInput,
    private readonly probe: StorageProbe,
    private readonly files: FileBackends,
    private readonly config: StorageConfig,
  ) {}

  /** Tests what was entered. Throws `InvalidInput`, `StorageUnusable`, `StoragePlaceTaken`. */
  async test(entry: BackendEntry): Promise<TestedChoice> {
    const ofFile = this.files.default;
    if (saysNothingElse(entry, ofFile.settings)) {
      await this.probe.probeKnown(ofFile);
      return { settings: ofFile.settings, isOfFile: true };
    }
    const settings = await this.input.parse(entry);
    const place = placeOf(settings);
    const stored = (await this.store.list()).find((one) => placeOf(one.settings) === place);
    await this.probe.probe(settings, { apartFrom: stored?.id ?? null });
    return { settings, isOfFile: false, stored };
  }

  /**
   * Lets the choice take new objects; made again for the same place it changes what is stored. Joins the caller's
   * transaction. Throws {@link StoredConfigurationsRefused}, `StorageConfigurationChanged`, `StoragePlaceTaken`.
   */
  async keep({ settings, isOfFile, stored }: TestedChoice): Promise<StorageConfiguration> {
    const isFileAlone = this.config.configSource === 'file';
    if (isOfFile) {
      if (!isFileAlone) await this.store.deactivate();
      const now = new Date();
      return { id: FILE_CONFIGURATION_ID, isActive: true, settings, createdAt: now, updatedAt: now };
    }
    if (isFileAlone) throw new StoredConfigurationsRefused();
    if (stored === undefined) return this.store.add(settings, { isActive: true, createdBy: null });
    await this.store.replace(stored, settings);
    return this.store.activate(stored.id);
  }
}

/** Whether everything that was entered is as it is in these settings. */
function saysNothingElse(entry: BackendEntry, settings: BackendSettings): boolean {
  return (
    entry.backend_type === settings.type &&
    fieldsOf(settings.type).every((field) => {
      const given = givenIn(entry, field);
      return given === undefined || given === null || given === '' || given === valueIn(settings, field);
    })
  );
}
