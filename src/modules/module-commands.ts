import type { INestApplicationContext } from '@nestjs/common';
import { parseArgs } from 'node:util';
import type { CommandOutput } from '../kernel/command-output.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import { type ReanalysisSelection, reanalysisSelection } from './domain/reanalysis.js';
import { ModuleReanalysis } from './module-reanalysis.service.js';

export const MODULE_COMMANDS_USAGE = `modules reanalyze [--namespace NAME] [--name NAME] [--system NAME] [--version VERSION] [--only failed|outdated]
modules documentation`;

/**
 * The `modules` commands: `reanalyze` has stored versions analyzed again by a running server, `documentation` says how
 * far it is. `args` is what follows `modules`; answers the status of the process. Throws `InvalidInput`.
 */
export async function runModulesCommand(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<number> {
  const reanalysis = context.get(ModuleReanalysis, { strict: false });
  const [command, ...rest] = args;
  if (command === 'documentation' && rest.length === 0) {
    const { pending, ready, failed } = await reanalysis.progress('all');
    output.print(`${ready} ready  ${pending} pending  ${failed} failed`);
    return 0;
  }
  if (command !== 'reanalyze') throw wrongUsage();
  const selection = selectionOf(rest);
  const { namespace } = selection;
  const claim =
    namespace === undefined ? undefined : await context.get(Namespaces, { strict: false }).find(namespace);
  const queued = await RequestContext.runAs('COMMAND', 'modules reanalyze', () =>
    reanalysis.request(selection, claim?.organizationId ?? null),
  );
  output.print(String(queued));
  output.hint('A running server analyzes them now. "modules documentation" says how far it is.');
  return 0;
}

function selectionOf(args: readonly string[]): ReanalysisSelection {
  const { only = 'all', ...place } = valuesOf(args);
  if (only !== 'all' && only !== 'failed' && only !== 'outdated') throw wrongUsage();
  return reanalysisSelection({ ...place, only });
}

function valuesOf(args: readonly string[]): Record<string, string> {
  const text = { type: 'string' } as const;
  const options = { namespace: text, name: text, system: text, version: text, only: text };
  try {
    return { ...parseArgs({ args: [...args], options, strict: true }).values };
  } catch {
    throw wrongUsage();
  }
}

function wrongUsage(): InvalidInput {
  return new InvalidInput(`Unknown argument. Usage:\n${MODULE_COMMANDS_USAGE}`);
}
