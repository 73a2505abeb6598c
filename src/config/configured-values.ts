import type { AppConfig } from './app-config.js';
import type { ConfigProblem } from './config-problems.js';
import { settingsOf } from './setting.decorator.js';
import type { SettingDefinition } from './setting-definition.js';

/** A declared setting together with the concern object that holds its value. */
export interface BoundSetting {
  concern: keyof AppConfig;
  target: Record<string, unknown>;
  definition: SettingDefinition;
}

/** Every declared setting of a configuration, in the order of the concerns and their fields. */
export function settingsOfApp(app: AppConfig): BoundSetting[] {
  return (Object.keys(app) as (keyof AppConfig)[]).flatMap((concern) => bind(concern, app[concern]));
}

function bind(concern: keyof AppConfig, object: object): BoundSetting[] {
  const target = object as Record<string, unknown>;
  const own = settingsOf(object).map((definition) => ({ concern, target, definition }));
  const groups = Object.values(target).filter(
    (value): value is object => typeof value === 'object' && value !== null && settingsOf(value).length > 0,
  );
  return [...own, ...groups.flatMap((group) => bind(concern, group))];
}

/**
 * A configuration while it is put together: its values, where each came from, and what is wrong so far.
 * Settings are named by YAML key, or by environment name when there is no key.
 */
export class ConfiguredValues {
  readonly problems: ConfigProblem[] = [];
  readonly warnings: string[] = [];
  private readonly origins = new Map<string, string>();
  private readonly written = new Map<string, unknown>();

  constructor(
    readonly app: AppConfig,
    readonly settings: readonly BoundSetting[],
    readonly cwd: string,
  ) {}

  /** Records the source that gave this setting its value, and what is written there unless it is a secret. */
  setOrigin(name: string, source: string, written?: unknown): void {
    this.origins.set(name, source);
    if (written !== undefined) this.written.set(name, written);
  }

  /** Tells whether a source of the operator gave one of these settings its value. */
  isSet(...names: string[]): boolean {
    return names.some((name) => this.origins.has(name));
  }

  /** Where the value came from. */
  originOf(name: string): string {
    return this.origins.get(name) ?? 'default';
  }

  /** Tells whether something is wrong with one of these settings already. */
  isFaulty(...names: string[]): boolean {
    return this.problems.some((problem) => names.includes(problem.name));
  }

  /** Notes a problem with the value of a setting. */
  refuse(name: string, message: string): void {
    this.problems.push({ name, source: this.originOf(name), message });
  }

  /** Notes that the value as it is written is not acceptable, and quotes it unless it is a secret. */
  refuseForm(name: string, message: string): void {
    const written = this.written.get(name);
    this.refuse(name, written === undefined ? message : `${message}, found ${JSON.stringify(written)}`);
  }

  /** Writes fields of a concern that is read-only for everybody else. */
  assign<T extends object>(target: T, values: { -readonly [K in keyof T]?: T[K] }): void {
    Object.assign(target, values);
  }
}
