import { ConfigProblems } from './config-problems.js';
import { type LoadOptions, type LoadedConfig, loadConfig } from './load-config.js';

/** Where the commands write; the standard streams unless said otherwise. */
export interface CommandOutput {
  out(text: string): void;
  err(text: string): void;
}

const STANDARD: CommandOutput = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/** `config check`: reports all problems and warnings. Answers the exit code: 0 when the configuration can be used, else 2. */
export function configCheck(args: readonly string[], options: LoadOptions = {}, output = STANDARD): number {
  return withConfig(args, options, output, () => output.out('The configuration can be used.\n'));
}

/** `config print`: writes the effective values with their source, secrets as `***`. Answers the exit code, 0 or 2. */
export function configPrint(args: readonly string[], options: LoadOptions = {}, output = STANDARD): number {
  return withConfig(args, options, output, (loaded) => output.out(loaded.describe()));
}

function withConfig(
  args: readonly string[],
  options: LoadOptions,
  output: CommandOutput,
  show: (loaded: LoadedConfig) => void,
): number {
  try {
    const loaded = loadConfig({ ...options, argv: args, generateSecrets: false });
    for (const warning of loaded.warnings) output.err(`Warning: ${warning}\n`);
    show(loaded);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    output.err(`${error.message}\n`);
    return ConfigProblems.exitCode;
  }
}
