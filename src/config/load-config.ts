import { validateSync } from 'class-validator';
import { AppConfig } from './app-config.js';
import { type ConfigFile, ConfigFileUnusable, readConfigFile } from './config-file.js';
import { ConfigProblems } from './config-problems.js';
import { completeShippers } from './audit-shippers.js';
import { checkRules } from './config-rules.js';
import { ConfiguredValues, settingsOfApp } from './configured-values.js';
import { describeEffectiveValues } from './describe-values.js';
import { deriveSigningSecrets, deriveValues } from './derived-values.js';
import { completeSecrets } from './process-secrets.js';
import { isSecret } from './setting-definition.js';
import { SettingSources } from './setting-sources.js';
import { expectation } from './setting-text.js';
import { NOT_READABLE, readValue } from './setting-values.js';
import { unknownNames } from './unknown-names.js';

/** Where the configuration is looked for. Everything defaults to that of the process. */
export interface LoadOptions {
  env?: NodeJS.ProcessEnv;
  /** Command-line arguments; only `--config <path>` is read. */
  argv?: readonly string[];
  /** Directory that relative paths start from. */
  cwd?: string;
  /** Whether missing secrets may be written to `secrets.json`; `true` unless said otherwise. */
  generateSecrets?: boolean;
}

/** A configuration that can be used, and what to tell the operator about it. */
export interface LoadedConfig {
  readonly config: AppConfig;
  readonly warnings: readonly string[];
  /** The effective values with their source, one a line, secrets as `***`. */
  describe(): string;
}

/**
 * Reads environment and file, fills defaults, checks everything and freezes the result. Throws
 * `ConfigProblems` with all problems together. Its only effect outside is the file of generated secrets.
 */
export function loadConfig(options: LoadOptions = {}): LoadedConfig {
  const {
    env = process.env,
    argv = process.argv.slice(2),
    cwd = process.cwd(),
    generateSecrets = true,
  } = options;
  const app = new AppConfig();
  const values = new ConfiguredValues(app, settingsOfApp(app), cwd);
  const file = readFile(
    values,
    flagValue(argv) ?? (env.CONFIG_PATH || undefined),
    flagValue(argv) !== undefined,
  );
  const isFileUsable = values.problems.length === 0;
  readSettings(values, new SettingSources(env, file, cwd, values.problems));
  validate(values);
  // Without the file nobody knows what it would have set: rules between settings would only mislead.
  if (isFileUsable) {
    deriveValues(values);
    completeShippers(values, env);
    checkRules(values);
    completeSecrets(values, generateSecrets);
  }
  if (values.problems.length > 0) throw new ConfigProblems(values.problems);
  deriveSigningSecrets(values);
  values.warnings.push(
    ...databaseNotice(app),
    ...unknownNames(
      values.settings.map(({ definition }) => definition),
      env,
      file,
    ),
  );
  freeze(app);
  return { config: app, warnings: values.warnings, describe: () => describeEffectiveValues(values) };
}

function flagValue(argv: readonly string[]): string | undefined {
  const index = argv.findIndex((argument) => argument === '--config' || argument.startsWith('--config='));
  if (index < 0) return undefined;
  return argv[index] === '--config' ? (argv[index + 1] ?? '') : argv[index]!.slice('--config='.length);
}

function readFile(
  values: ConfiguredValues,
  named: string | undefined,
  byFlag: boolean,
): ConfigFile | undefined {
  const name = byFlag ? '--config' : 'CONFIG_PATH';
  if (named === '') {
    values.problems.push({
      name,
      source: 'command line',
      message: 'expected the path of a configuration file',
    });
    return undefined;
  }
  try {
    return readConfigFile(named, values.cwd);
  } catch (error) {
    if (!(error instanceof ConfigFileUnusable)) throw error;
    const by =
      named === undefined ? '' : byFlag ? ', named by --config' : ', named by environment CONFIG_PATH';
    values.problems.push({
      name: 'configuration file',
      source: `file ${error.path}${by}`,
      message: error.message,
    });
    return undefined;
  }
}

function readSettings(values: ConfiguredValues, sources: SettingSources): void {
  for (const { target, definition } of values.settings) {
    const found = sources.find(definition);
    if (found === undefined) continue;
    // What is structured may hold a secret somewhere, so a problem does not quote it.
    const isQuoted = !isSecret(definition.type) && definition.type !== 'json';
    values.setOrigin(definition.name, found.source, isQuoted ? found.raw : undefined);
    const meant = typeof found.raw === 'string' ? definition.meanings?.get(found.raw) : undefined;
    const value = readValue(definition.type, meant ?? found.raw, values.cwd);
    if (value === NOT_READABLE) values.refuseForm(definition.name, `expected ${expectation(definition)}`);
    else values.assign(target, { [definition.property]: value });
  }
}

/** Applies the class-validator rules of the concern classes. What is not set and has no default is left out. */
function validate(values: ConfiguredValues): void {
  for (const target of new Set(values.settings.map((setting) => setting.target))) {
    for (const { property, constraints = {} } of validateSync(target, {
      skipMissingProperties: true,
      forbidUnknownValues: false,
    })) {
      const setting = values.settings.find(
        (one) => one.target === target && one.definition.property === property,
      )!;
      const [message = `expected ${expectation(setting.definition)}`] = Object.values(constraints);
      if (!values.isFaulty(setting.definition.name)) values.refuseForm(setting.definition.name, message);
    }
  }
}

function databaseNotice({ database }: AppConfig): string[] {
  if (database.embeddedDirectory === null) return [];
  return [
    `The bundled PostgreSQL keeps the records in ${database.embeddedDirectory}. It is meant for trials and small ` +
      'single-node use; set TFR_DATABASE_URL to use a server of your own.',
  ];
}

function freeze(value: object): void {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null && !Buffer.isBuffer(inner)) freeze(inner);
  }
  Object.freeze(value);
}
