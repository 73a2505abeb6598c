import type { INestApplicationContext } from '@nestjs/common';
import type { CommandOutput } from '../kernel/command-output.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import { StoragesInUse } from './storages-in-use.service.js';
import { SweepConfirmation } from './sweep-confirmation.service.js';

export const SWEEP_COMMAND_USAGE = 'sweep confirm STORAGE';

/**
 * The `sweep confirm` command: after a restore, unreferenced objects of the storage may be removed again.
 *
 * @throws InvalidInput for unknown arguments and storages, ObjectStoreUnavailable when the storage cannot be asked
 */
export async function runSweepCommand(
  [action, storage, ...others]: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<number> {
  if (action !== 'confirm' || storage === undefined || others.length > 0) {
    throw new InvalidInput(`Unknown argument. Usage:\n${SWEEP_COMMAND_USAGE}`);
  }
  const names = await context.get(StoragesInUse, { strict: false }).names();
  if (!names.includes(storage)) {
    throw new InvalidInput(`No storage is named ${storage}. There are: ${names.join(', ')}`);
  }
  const confirmation = context.get(SweepConfirmation, { strict: false });
  const hasHelped = await RequestContext.runAs('COMMAND', 'sweep confirm', () =>
    confirmation.confirm(storage),
  );
  output.print(
    hasHelped
      ? `Unreferenced objects of ${storage} are removed again.`
      : `Nothing held the sweep of ${storage} up; nothing was changed.`,
  );
  return 0;
}
