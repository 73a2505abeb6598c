import type { INestApplicationContext } from '@nestjs/common';
import type { CommandOutput } from '../kernel/command-output.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { formatVerifyReport } from './domain/verify-report.js';
import { VerifyStorage } from './verify-storage.service.js';

export const VERIFY_COMMAND_USAGE = 'verify [--json]';

/**
 * The `verify` command: hashes every stored object and compares it with the database. Answers the exit
 * code: 0 when nothing is wrong, 1 when something was found.
 *
 * @throws InvalidInput for unknown arguments, ObjectStoreUnavailable when the store cannot be read
 */
export async function runVerifyCommand(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<number> {
  const isJson = args[0] === '--json';
  if (args.length > (isJson ? 1 : 0))
    throw new InvalidInput(`Unknown argument. Usage:\n${VERIFY_COMMAND_USAGE}`);
  const report = await context.get(VerifyStorage, { strict: false }).run({
    onProgress: ({ artifacts, bytes, findings }) =>
      output.hint(`${artifacts} artifacts, ${bytes} bytes read, ${findings} findings so far`),
  });
  output.print(isJson ? JSON.stringify(report) : formatVerifyReport(report));
  return report.findings.length === 0 ? 0 : 1;
}
