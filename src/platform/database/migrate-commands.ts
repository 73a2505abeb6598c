import { InvalidInput } from '../../kernel/invalid-input.js';
import type { Migrator } from './migrator.js';

export const MIGRATE_COMMANDS_USAGE = 'migrate up|down|status';

/**
 * The `migrate` commands: `up` applies what is missing, `down` reverts the newest migration, `status` lists
 * all. Answers the lines to print.
 *
 * @throws InvalidInput for another command, SchemaTooNew
 */
export async function runMigrateCommand(args: readonly string[], migrator: Migrator): Promise<string[]> {
  const [command, ...more] = args;
  if (more.length === 0 && command === 'up') {
    const applied = await migrator.up();
    return applied.length > 0 ? applied.map((name) => `applied ${name}`) : ['The schema is up to date.'];
  }
  if (more.length === 0 && command === 'down') {
    const reverted = await migrator.down();
    return [reverted === undefined ? 'There is no migration to revert.' : `reverted ${reverted}`];
  }
  if (more.length === 0 && command === 'status') {
    const all = await migrator.status();
    return all.map(({ name, isApplied }) => `${isApplied ? 'applied' : 'pending'}  ${name}`);
  }
  throw new InvalidInput(`Unknown command. Usage:\n${MIGRATE_COMMANDS_USAGE}`);
}
