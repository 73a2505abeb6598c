import type { ConfiguredValues } from './configured-values.js';
import { isSecret, type SettingDefinition } from './setting-definition.js';
import { formatValue } from './setting-text.js';

/** What `config print` shows: one line per setting with its effective value and source, secrets as `***`. */
export function describeEffectiveValues(values: ConfiguredValues): string {
  const { embeddedDirectory } = values.app.database;
  const lines = values.settings.map(({ target, definition }) => {
    const { name, property } = definition;
    const isBundled = name === 'database.url' && embeddedDirectory !== null;
    const value = isBundled ? `embedded:${embeddedDirectory}` : shownValue(definition, target[property]);
    return `${name} = ${value}  (${values.originOf(name)})`;
  });
  return `${lines.join('\n')}\n`;
}

function shownValue({ type }: SettingDefinition, value: unknown): string {
  const isAbsent = value === undefined || (Array.isArray(value) && value.length === 0);
  if (isAbsent) return '–';
  return isSecret(type) ? '***' : formatValue(type, value);
}
