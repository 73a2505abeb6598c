/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  /** The YAML key, or the environment name of a setting that has no key. */
  name: string;
  /** Where the value came from: `environment NAME`, `file <path>:<key>` or `default`. */
  source: string;
  /** What was expected, with the value that was found unless it is a secret. */
  message: string;
}

/** The configuration cannot be used. Carries all problems at once; the process ends with status 2. */
export class ConfigProblems extends Error {
  static readonly exitCode = 2;

  constructor(readonly problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    const lines = problems.map(({ name, source, message }) => `  - ${name}: ${message} (${source})`);
    super(`The configuration has ${count}:\n${lines.join('\n')}`);
    this.name = 'ConfigProblems';
  }
}
