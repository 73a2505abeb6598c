import type { INestApplicationContext } from '@nestjs/common';
import type { CommandOutput } from '../kernel/command-output.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import type { StorageMigration } from './domain/storage-migration.js';
import { StorageMigrationReports } from './storage-migration-reports.service.js';
import { StorageMigrations } from './storage-migrations.service.js';

export const STORAGE_COMMANDS_USAGE = `storage migrate SOURCE TARGET [--dry-run]
storage migrations`;

const NEWEST = { page: 1, perPage: 20 };

/**
 * The `storage` commands. `args` is what follows `storage` on the command line; the status of the process. A running
 * server does the work. Throws `InvalidInput` for wrong arguments and storages that cannot be used, and
 * `StorageMigrationInProgress`.
 */
export async function runStorageCommand(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<number> {
  const migrations = context.get(StorageMigrations, { strict: false });
  const [command, ...rest] = args;
  const names = rest.filter((arg) => arg !== '--dry-run');
  if (command === 'migrations' && rest.length === 0) {
    const reports = context.get(StorageMigrationReports, { strict: false });
    for (const migration of (await reports.list(NEWEST)).items) output.print(lineOf(migration));
    return 0;
  }
  const [source, target] = names;
  const isComplete =
    command === 'migrate' && names.length === 2 && !names.some((name) => name.startsWith('-'));
  if (!isComplete || source === undefined || target === undefined)
    throw new InvalidInput(`Unknown command. Usage:\n${STORAGE_COMMANDS_USAGE}`);
  if (rest.includes('--dry-run')) {
    const { toMove, inTarget } = await migrations.plan(source, target);
    output.print(`${toMove.objects} objects, ${toMove.bytes} bytes`);
    output.hint(`${inTarget.objects} of them are in ${target} already. Nothing was changed.`);
    return 0;
  }
  await RequestContext.runAs('COMMAND', 'storage migrate', async () => {
    const { id } = await migrations.start({ source, target, readsBack: true, createdBy: null });
    output.print(id);
    output.hint('A running server moves the objects now. "storage migrations" says how far it is.');
  });
  return 0;
}

function lineOf({ id, state, source, target, ...counted }: StorageMigration): string {
  const { objectsCopied, objectsTotal, lastError } = counted;
  const progress = `${objectsCopied} of ${Math.max(objectsTotal, objectsCopied)} objects`;
  return [id, state, `${source} to ${target}`, progress, ...(lastError === null ? [] : [lastError])].join(
    '  ',
  );
}
