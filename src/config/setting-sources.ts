import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConfigFile, YamlText } from './config-file.js';
import type { ConfigProblem } from './config-problems.js';
import { isSecret, type SettingDefinition } from './setting-definition.js';
import { expectation } from './setting-text.js';

/** What a source says about a setting. */
export interface FoundValue {
  raw: string | readonly string[];
  /** `environment NAME` or `file <path>:<key>`. */
  source: string;
}

const REFERENCE = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;

/** Finds the raw value of a setting: environment over file, `_FILE` twins of secrets, `${NAME}` references of the file. */
export class SettingSources {
  constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly file: ConfigFile | undefined,
    private readonly cwd: string,
    private readonly problems: ConfigProblem[],
  ) {}

  /** Answers the value that counts, or nothing when the setting is not set or what is set cannot be used (then a problem is noted). */
  find(definition: SettingDefinition): FoundValue | undefined {
    return this.inEnvironment(definition) ?? this.inFile(definition);
  }

  private inEnvironment(definition: SettingDefinition): FoundValue | undefined {
    const found: FoundValue[] = [];
    for (const name of [definition.env, ...(definition.synonyms ?? [])]) {
      const direct = this.env[name] || undefined;
      const twin = isSecret(definition.type) ? this.env[`${name}_FILE`] || undefined : undefined;
      const value = this.oneOf(definition, direct, twin, (suffix) => `environment ${name}${suffix}`);
      if (value !== undefined) found.push(value);
    }
    const [first, second] = found;
    if (first !== undefined && second !== undefined && first.raw !== second.raw) {
      this.note(
        definition,
        `${first.source}, ${second.source}`,
        'expected the same value under both names, or only one of them',
      );
    }
    return first;
  }

  private inFile(definition: SettingDefinition): FoundValue | undefined {
    const { key } = definition;
    if (this.file === undefined || key === undefined) return undefined;
    const { path, values } = this.file;
    const sourceOf = (suffix: string) => `file ${path}:${key}${suffix.toLowerCase()}`;
    if (this.hasBelow(key) || (values.has(key) && values.get(key) === undefined)) {
      this.note(definition, sourceOf(''), `expected ${expectation(definition)}`);
      return undefined;
    }
    const direct = this.resolved(definition, values.get(key), sourceOf(''));
    const twin = isSecret(definition.type)
      ? this.resolved(definition, values.get(`${key}_file`), sourceOf('_FILE'))
      : undefined;
    return this.oneOf(definition, direct, typeof twin === 'string' ? twin : undefined, sourceOf);
  }

  private hasBelow(key: string): boolean {
    return [...this.file!.values.keys()].some((known) => known.startsWith(`${key}.`));
  }

  private oneOf(
    definition: SettingDefinition,
    direct: string | readonly string[] | undefined,
    twin: string | undefined,
    sourceOf: (suffix: string) => string,
  ): FoundValue | undefined {
    if (direct !== undefined && twin !== undefined) {
      this.note(
        definition,
        `${sourceOf('')}, ${sourceOf('_FILE')}`,
        'expected the value or the name of its file, not both',
      );
      return undefined;
    }
    if (direct !== undefined) return { raw: direct, source: sourceOf('') };
    return twin === undefined ? undefined : this.contentOf(definition, twin, sourceOf('_FILE'));
  }

  private contentOf(definition: SettingDefinition, path: string, source: string): FoundValue | undefined {
    try {
      const raw = readFileSync(resolve(this.cwd, path), 'utf8').replace(/\r?\n$/, '');
      if (raw !== '') return { raw, source };
      this.note(definition, source, `expected a file with a value, but ${path} is empty`);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      this.note(definition, source, `expected a file that can be read, but ${path} cannot (${code})`);
    }
    return undefined;
  }

  private resolved(definition: SettingDefinition, value: YamlText, source: string): YamlText {
    if (typeof value === 'string') return this.reference(definition, value, source) || undefined;
    return value?.map((item) => this.reference(definition, item, source));
  }

  private reference(definition: SettingDefinition, text: string, source: string): string {
    const name = REFERENCE.exec(text)?.[1];
    if (name === undefined) return text;
    const value = this.env[name] ?? '';
    if (value === '')
      this.note(definition, source, `expected the environment variable ${name}, which is not set`);
    return value;
  }

  private note({ name }: SettingDefinition, source: string, message: string): void {
    this.problems.push({ name, source, message });
  }
}
