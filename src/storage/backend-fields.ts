import { isSecret, type SettingDefinition } from '../config/setting-definition.js';
import { formatValue } from '../config/setting-text.js';
import { settingsOf } from '../config/setting.decorator.js';
import { emptyDescription } from './backend-description.js';
import { BACKEND_TYPES, type BackendSettings, type BackendType } from './domain/backend-settings.js';

/** A field of `StorageInput` and `StorageConfig` (REST contract 4): the setting `storage.s3.bucket` is `s3_bucket`. */
export interface BackendField {
  readonly name: string;
  /** What `BackendSettings` calls it. */
  readonly property: string;
  readonly setting: SettingDefinition;
  /** Shown only as whether it is set. */
  readonly isSecret: boolean;
}

/** A backend as an administrator enters it (`StorageInput` of REST contract 4), by the names of the fields. */
export interface BackendEntry {
  readonly backend_type: BackendType;
}

const FIELDS = new Map(BACKEND_TYPES.map((type) => [type, fieldsIn(type)]));

/** The fields of a backend, in the order in which they are shown. */
export function fieldsOf(type: BackendType): readonly BackendField[] {
  return FIELDS.get(type)!;
}

/** What was entered for a field. */
export function givenIn(entry: BackendEntry, { name }: BackendField): unknown {
  return (entry as unknown as Readonly<Record<string, unknown>>)[name];
}

/** The value of a field as it is given over the interface: durations and sizes as text, secrets as they are. */
export function valueIn(settings: BackendSettings, { property, setting }: BackendField): unknown {
  const value = (settings as unknown as Record<string, unknown>)[property];
  return typeof value === 'number' ? formatValue(setting.type, value) : value;
}

/** Settings as they are shown: of secrets, of every type of backend, only whether they are there. */
export function shownFields(settings: BackendSettings): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const type of BACKEND_TYPES) {
    for (const field of fieldsOf(type)) {
      const value = type === settings.type ? valueIn(settings, field) : undefined;
      if (field.isSecret) shown[`${field.name}_set`] = value !== undefined;
      else if (value !== undefined) shown[field.name] = value;
    }
  }
  return shown;
}

/** The secrets of settings apart from the rest, both by the names of `BackendSettings`. */
export function withSecretsApart({ type, ...settings }: BackendSettings): {
  rest: Record<string, unknown>;
  secrets: Record<string, string>;
} {
  const names = new Set(fieldsOf(type).flatMap(({ property, isSecret: is }) => (is ? [property] : [])));
  const entries = Object.entries(settings);
  const part = (wanted: boolean) =>
    Object.fromEntries(entries.filter(([name]) => names.has(name) === wanted));
  return { rest: part(false), secrets: part(true) as Record<string, string> };
}

function fieldsIn(type: BackendType): BackendField[] {
  return settingsOf(emptyDescription(type)).map((setting) => ({
    name: setting.name.replace('storage.', '').replace('.', '_'),
    property: setting.property,
    setting,
    isSecret: isSecret(setting.type),
  }));
}
