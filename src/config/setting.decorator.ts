import { IsIn, Max, Min } from 'class-validator';
import { expectation } from './setting-text.js';
import { envNameOf, type SettingDefinition, type SettingOptions } from './setting-definition.js';

const definitions = new WeakMap<object, SettingDefinition[]>();

/** All settings declared on a concern class, in the order of its fields. */
export function settingsOf(concern: object): readonly SettingDefinition[] {
  return definitions.get(concern.constructor) ?? [];
}

/** Declares a field of a concern class as a setting and applies its limits as class-validator rules. */
export function Setting(options: SettingOptions): PropertyDecorator {
  const env = options.env ?? (options.key === undefined ? undefined : envNameOf(options.key));
  if (env === undefined) throw new Error('a setting needs a key or an environment name');
  return (target, property) => {
    const list = definitions.get(target.constructor) ?? [];
    list.push({ ...options, env, name: options.key ?? env, property: String(property) });
    definitions.set(target.constructor, list);
    const message = `expected ${expectation(options)}`;
    if (options.min !== undefined) Min(options.min, { message })(target, property);
    if (options.max !== undefined) Max(options.max, { message })(target, property);
    if (options.values !== undefined) IsIn([...options.values], { message })(target, property);
  };
}
