import type { INestApplicationContext } from '@nestjs/common';
import type { CommandOutput } from '../../kernel/command-output.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { SealedColumns } from './sealed-columns.service.js';

export const ROTATE_COMMAND_USAGE = 'keys rotate';

/**
 * The `keys rotate` command: seals every stored secret again under ENCRYPTION_KEY, reading with it and with
 * TFR_ENCRYPTION_KEY_PREVIOUS. May be interrupted and repeated.
 *
 * @throws InvalidInput for arguments, SecretUnreadable when a key is missing
 */
export async function runRotateCommand(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<number> {
  if (args.length > 0) throw new InvalidInput(`Unknown argument. Usage:\n${ROTATE_COMMAND_USAGE}`);
  const columns = context.get(SealedColumns, { strict: false });
  const resealed = await columns.reseal(({ column, resealed: done, seen }) =>
    output.hint(`${column}: ${seen} seen, ${done} sealed again`),
  );
  output.print(
    `${resealed} secrets are sealed under the present key now. ` +
      'TFR_ENCRYPTION_KEY_PREVIOUS can be removed once every server runs with the present key.',
  );
  return 0;
}
