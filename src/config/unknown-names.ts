import type { ConfigFile } from './config-file.js';
import { nearestName } from './nearest-name.js';
import { isSecret, type SettingDefinition } from './setting-definition.js';

/** One warning for each `TFR_` variable and YAML key that no setting of this version has, with the nearest known name. */
export function unknownNames(
  definitions: readonly SettingDefinition[],
  env: NodeJS.ProcessEnv,
  file: ConfigFile | undefined,
): string[] {
  const names = definitions.flatMap((setting) =>
    withTwin(setting, [setting.env, ...(setting.synonyms ?? [])], '_FILE'),
  );
  const keys = definitions.flatMap((setting) =>
    withTwin(setting, setting.key === undefined ? [] : [setting.key], '_file'),
  );
  const variables = Object.keys(env).filter(
    (name) => name.startsWith('TFR_') && env[name] !== '' && !names.includes(name),
  );
  const unknownKeys = new Set([...(file?.values.keys() ?? [])].flatMap((key) => unknownPart(key, keys)));
  return [
    ...variables.map((name) => warning(`The environment variable ${name}`, nearestName(name, names))),
    ...[...unknownKeys].map((key) => warning(`The key ${key} in ${file!.path}`, nearestName(key, keys))),
  ];
}

function withTwin(setting: SettingDefinition, names: string[], suffix: string): string[] {
  return isSecret(setting.type) ? names.flatMap((name) => [name, `${name}${suffix}`]) : names;
}

/** The shortest leading part of a key under which nothing is known, so that an unknown group is named once. */
function unknownPart(key: string, known: readonly string[]): string[] {
  const parts = key.split('.');
  for (let length = 1; length <= parts.length; length++) {
    const part = parts.slice(0, length).join('.');
    if (known.includes(part)) return [];
    if (!known.some((name) => name.startsWith(`${part}.`))) return [part];
  }
  return [key];
}

function warning(what: string, nearest: string | undefined): string {
  const hint = nearest === undefined ? '' : `; the nearest known name is ${nearest}`;
  return `${what} is not a setting of this version and has no effect${hint}.`;
}
