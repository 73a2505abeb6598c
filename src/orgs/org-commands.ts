import type { INestApplicationContext } from '@nestjs/common';
import type { CommandOutput } from '../kernel/command-output.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import { OrganizationLifecycle } from './organization-lifecycle.service.js';
import { Organizations } from './organizations.service.js';

export const ORG_COMMANDS_USAGE = 'org set-default NAME [--yes]';

/**
 * The `org` commands. `args` is what follows `org` on the command line; the status of the process. Throws
 * `InvalidInput` for wrong arguments, `OrganizationNotFound`, `DefaultNeedsAdministrator`.
 */
export async function runOrgCommand(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<number> {
  const [command, ...rest] = args;
  if (command !== 'set-default') throw new InvalidInput(`Unknown command. Usage:\n${ORG_COMMANDS_USAGE}`);
  return RequestContext.runAs('COMMAND', 'org set-default', () => setDefault(rest, context, output));
}

/** Says what would change, and changes it when that is confirmed by `--yes`. */
async function setDefault(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<number> {
  const names = args.filter((arg) => arg !== '--yes');
  const [name] = names;
  if (name === undefined || names.length > 1 || name.startsWith('--')) {
    throw new InvalidInput(`Give the name of one organization. Usage:\n${ORG_COMMANDS_USAGE}`);
  }
  const next = await context.get(Organizations, { strict: false }).getByName(name);
  if (next.isDefault) {
    output.hint(`${name} is the default organization already; nothing changes.`);
    return 0;
  }
  const lifecycle = context.get(OrganizationLifecycle, { strict: false });
  const [present, future] = await lifecycle.compareDefaults(next);
  for (const line of effects(present, future)) output.hint(line);
  if (!args.includes('--yes')) {
    output.hint('Nothing was changed. Run the command again with --yes to do it.');
    return 1;
  }
  await lifecycle.setDefault(next);
  output.print(next.id);
  output.hint(`${name} is the default organization now. Set multi_tenancy.default_organization to ${name}.`);
  return 0;
}

type Led = Awaited<ReturnType<OrganizationLifecycle['compareDefaults']>>[number];

function effects(present: Led, future: Led): string[] {
  const [was, will] = [present?.organizationName ?? 'none', future?.organizationName ?? ''];
  return [
    `The default organization changes from ${was} to ${will}:`,
    `- The ${present?.administrators ?? 0} administrators of ${was} no longer administer the platform.`,
    `- The ${future?.administrators ?? 0} administrators of ${will} administer the platform, and everything in it.`,
    `- New namespaces without another owner belong to ${will}; those of ${was} stay with it.`,
  ];
}
