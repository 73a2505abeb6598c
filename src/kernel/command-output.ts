/** Where a command writes: `print` is its result (standard output), `hint` is for people (standard error). */
export interface CommandOutput {
  print(line: string): void;
  hint(line: string): void;
}
