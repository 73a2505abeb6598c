/** How the text of a setting is read; `encryption-key` is a secret of 32 bytes. */
export type SettingType =
  | 'string'
  | 'int'
  | 'bool'
  | 'duration'
  | 'size'
  | 'url'
  | 'list'
  | 'cidr-list'
  | 'path'
  | 'json'
  | 'secret'
  | 'secret-list'
  | 'encryption-key'
  | 'encryption-key-list';

/** What is declared about a setting, once, on the field of its concern class. The default is the field's initializer. */
export interface SettingOptions {
  /** Path in the YAML file; a setting without one exists in the environment only. */
  key?: string;
  /** Environment name when it is not `TFR_` + the key in upper case with `_` for `.`. */
  env?: string;
  /** Further environment names with the same meaning. */
  synonyms?: readonly string[];
  type: SettingType;
  /** Limits in the unit of the field: milliseconds, bytes, or plain numbers. */
  min?: number;
  max?: number;
  /** The only values that are accepted. */
  values?: readonly string[];
  /** Further words that are accepted, by the value that each means. */
  meanings?: ReadonlyMap<string, string>;
  /** Replaces the words after "expected" that follow from type and limits. */
  expected?: string;
  /** What is used instead when nothing is set and the initializer cannot say it. */
  defaultText?: string;
  description: string;
}

/** One declared setting: its options, names and the field it fills. */
export interface SettingDefinition extends SettingOptions {
  property: string;
  /** The environment name; always present. */
  env: string;
  /** The YAML key, or the environment name when there is no key. */
  name: string;
}

/** Tells whether values of this type are kept out of every output and may come from a file named by a `_FILE` twin. */
export function isSecret(type: SettingType): boolean {
  return type.startsWith('secret') || type.startsWith('encryption-key');
}

/** The environment name that belongs to a YAML key. */
export function envNameOf(key: string): string {
  return `TFR_${key.toUpperCase().replaceAll('.', '_')}`;
}
