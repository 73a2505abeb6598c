import { parseArgs } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import type { CommandOutput } from '../kernel/command-output.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { formatVerifyReport, isIncomplete } from './domain/verify-report.js';
import { VerifyStorage } from './verify-storage.service.js';

export const VERIFY_COMMAND_USAGE = 'verify [--json] [--storage NAME]';

/**
 * The `verify` command: hashes every stored object of every storage, or of one, and compares it with the database.
 * Answers the exit code: 0 when nothing is wrong, 1 when something was found, 2 when a storage could not be read.
 *
 * @throws InvalidInput for unknown arguments and storages
 */
export async function runVerifyCommand(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<number> {
  const { json, storage } = readArguments(args);
  const verify = context.get(VerifyStorage, { strict: false });
  const names = await verify.names();
  if (storage !== undefined && !names.includes(storage)) {
    throw new InvalidInput(`No storage is named ${storage}. There are: ${names.join(', ')}`);
  }
  const report = await verify.run({
    ...(storage !== undefined && { storage }),
    onProgress: ({ artifacts, bytes, findings }) =>
      output.hint(`${artifacts} artifacts, ${bytes} bytes read, ${findings} findings so far`),
  });
  output.print(json ? JSON.stringify(report) : formatVerifyReport(report));
  if (isIncomplete(report)) return 2;
  return report.findings.length === 0 ? 0 : 1;
}

function readArguments(args: readonly string[]): { json: boolean; storage?: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false }, storage: { type: 'string' } },
    });
    return values;
  } catch {
    throw new InvalidInput(`Unknown argument. Usage:\n${VERIFY_COMMAND_USAGE}`);
  }
}
