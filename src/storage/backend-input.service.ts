import { Injectable } from '@nestjs/common';
import { validateSync } from 'class-validator';
import { expectation } from '../config/setting-text.js';
import { NOT_READABLE, readValue } from '../config/setting-values.js';
import { StorageAzureConfig } from '../config/storage-azure.config.js';
import { StorageGcsConfig } from '../config/storage-gcs.config.js';
import { StorageConfig } from '../config/storage.config.js';
import { WorkerConfig } from '../config/worker.config.js';
import { FieldErrors } from '../kernel/field-errors.js';
import {
  type BackendDescription,
  emptyDescription,
  faultsOf,
  LocalDescription,
  settingsOf,
} from './backend-description.js';
import { type BackendEntry, type BackendField, fieldsOf, givenIn, valueIn } from './backend-fields.js';
import { DirectoryRoots } from './directory-roots.js';
import type { BackendSettings } from './domain/backend-settings.js';
import { isIdentitySafe } from './domain/vendor-hosts.js';

const SENTENCE = 'The storage configuration cannot be used as it is; the fields say what to change';
const FOREIGN_ENDPOINT =
  'expected an https address of the vendor, or credentials that are entered here: the server shows its own identity to nobody else, unless its operator says so in the settings of the server';

/**
 * Reads what administrators enter, by the declarations and rules of the settings of file and environment. Fields of
 * other backends are ignored.
 */
@Injectable()
export class BackendInput {
  private readonly roots: DirectoryRoots;

  constructor(
    private readonly config: StorageConfig,
    private readonly worker: WorkerConfig,
  ) {
    this.roots = new DirectoryRoots(config.localAllowedRoots);
  }

  /** The complete settings. Throws `InvalidInput` with a message for each field that has to change. */
  async parse(entry: BackendEntry): Promise<BackendSettings> {
    const errors = new FieldErrors();
    const description = readDescription(entry, errors);
    await this.checkHere(description, errors);
    for (const { name, expected, because } of faultsOf(description)) {
      const reason = because === undefined ? '' : `, because ${because}`;
      errors.add(`${entry.backend_type}_${name}`, `expected ${expected}${reason}`);
    }
    errors.throwIfAny(SENTENCE);
    const settings = settingsOf(description)!;
    if (!isIdentitySafe(settings)) errors.add(`${settings.type}_endpoint`, FOREIGN_ENDPOINT);
    errors.throwIfAny(SENTENCE);
    return settings;
  }

  /**
   * What is stored, with the changes of `entry`: absent fields keep their value, null and empty text clear it; an
   * empty secret keeps the stored one. Another type of backend starts from nothing.
   */
  merged(stored: BackendSettings, entry: BackendEntry): BackendEntry {
    if (stored.type !== entry.backend_type) return entry;
    const kept = fieldsOf(stored.type).filter((field) => {
      const given = givenIn(entry, field);
      return given === undefined || (field.isSecret && given === '');
    });
    return { ...entry, ...Object.fromEntries(kept.map((field) => [field.name, valueIn(stored, field)])) };
  }

  /** What depends on the server, or is only asked of those who are not its operator. */
  private async checkHere(description: BackendDescription, errors: FieldErrors): Promise<void> {
    if (description instanceof LocalDescription) await this.checkDirectory(description, errors);
    if (
      description instanceof StorageAzureConfig &&
      (description.urlTtlMs ?? 0) >= this.config.sweepGraceMs
    ) {
      errors.add('azure_sas_token_expiry', 'expected less than TFR_STORAGE_SWEEP_GRACE');
    }
    if (description instanceof StorageGcsConfig) checkCredentials(description, errors);
  }

  private async checkDirectory(
    { basePath, serveDirectly }: LocalDescription,
    errors: FieldErrors,
  ): Promise<void> {
    if (basePath !== undefined && !(await this.roots.contain(basePath))) {
      errors.add(
        'local_base_path',
        'expected a directory below those that the operator allows in TFR_STORAGE_LOCAL_ALLOWED_ROOTS',
      );
    }
    const isAlone = this.worker.replicas === 1 && this.worker.mode === 'all';
    if (!isAlone && !this.config.localShared) {
      errors.add(
        'local_base_path',
        'expected another backend, unless the operator says with TFR_STORAGE_LOCAL_SHARED=true that all processes see the same directories',
      );
    }
    if (!serveDirectly && this.config.cdnUrl === undefined) {
      errors.add(
        'local_serve_directly',
        'expected true, because the operator has set no TFR_STORAGE_CDN_URL',
      );
    }
  }
}

function readDescription(entry: BackendEntry, errors: FieldErrors): BackendDescription {
  const fields = fieldsOf(entry.backend_type);
  const description = emptyDescription(entry.backend_type);
  for (const field of fields) {
    const value = readField(field, givenIn(entry, field));
    if (value === NOT_READABLE) errors.add(field.name, `expected ${expectation(field.setting)}`);
    else if (value !== undefined) Object.assign(description, { [field.property]: value });
  }
  const problems = validateSync(description, { skipMissingProperties: true, forbidUnknownValues: false });
  for (const { property, constraints = {} } of problems) {
    const field = fields.find((one) => one.property === property)!;
    errors.add(field.name, Object.values(constraints)[0] ?? `expected ${expectation(field.setting)}`);
  }
  return description;
}

/** The value that a field has; undefined when it is not given. */
function readField({ setting, isSecret }: BackendField, given: unknown): unknown {
  if (given === undefined || given === null || given === '') return undefined;
  const text = typeof given === 'boolean' ? String(given) : given;
  if (typeof text !== 'string') return NOT_READABLE;
  // Neither is part of any value, nor can the database keep it.
  if (!isSecret && (/\p{Cc}/u.test(text) || !text.isWellFormed())) return NOT_READABLE;
  return readValue(setting.type, setting.meanings?.get(text) ?? text, process.cwd());
}

/** The library of Google takes credentials of any kind, and does what they say. */
function checkCredentials({ authMethod, credentialsJson }: StorageGcsConfig, errors: FieldErrors): void {
  if (credentialsJson === undefined) return;
  const kind = authMethod === 'workload_identity' ? 'external_account' : 'service_account';
  if (kindOf(credentialsJson) === kind) return;
  errors.add(
    'gcs_credentials_json',
    `expected the JSON of credentials of the kind ${kind}, as Google gives it out`,
  );
}

function kindOf(credentials: string): unknown {
  try {
    return (JSON.parse(credentials) as { type?: unknown } | null)?.type;
  } catch {
    return undefined;
  }
}
