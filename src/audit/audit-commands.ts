import type { INestApplicationContext } from '@nestjs/common';
import type { CommandOutput } from '../kernel/command-output.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import { describeFault } from './domain/chain-fault.js';
import { EraseFromAudit } from './erase-from-audit.service.js';
import { VerifyAudit } from './verify-audit.service.js';

export const AUDIT_COMMANDS_USAGE = `audit verify [--organization NAME]
audit erase --user ID`;

/**
 * The `audit` commands: `verify` checks the hash chains and names every entry that was changed, moved or removed;
 * `erase` takes a person out of the log. Answers the exit code: 1 when a chain is not whole.
 *
 * @throws InvalidInput for unknown arguments
 */
export async function runAuditCommand(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<number> {
  const [command, option, value, ...more] = args;
  if (command === 'verify' && option === undefined) return verify(context, output);
  if (command === 'verify' && option === '--organization' && value !== undefined && more.length === 0)
    return verify(context, output, value);
  if (command === 'erase' && option === '--user' && value !== undefined && more.length === 0)
    return erase(context, output, value);
  throw new InvalidInput(`Unknown argument. Usage:\n${AUDIT_COMMANDS_USAGE}`);
}

async function verify(
  context: INestApplicationContext,
  output: CommandOutput,
  organization?: string,
): Promise<number> {
  const service = context.get(VerifyAudit, { strict: false });
  let chains: string[];
  if (organization === undefined) chains = await service.chains();
  else {
    const chain = await service.chainOfOrganization(organization);
    if (chain === undefined) throw new InvalidInput(`There is no organization named ${organization}`);
    chains = [chain];
  }
  let entries = 0;
  let faults = 0;
  for (const chain of chains) {
    const report = await service.verify(chain);
    entries += report.entries;
    faults += report.faults.length;
    for (const fault of report.faults) output.print(describeFault(chain, fault));
  }
  output.print(`${entries} entries in ${chains.length} chains checked, ${faults} findings`);
  return faults === 0 ? 0 : 1;
}

async function erase(
  context: INestApplicationContext,
  output: CommandOutput,
  userId: string,
): Promise<number> {
  const service = context.get(EraseFromAudit, { strict: false });
  const count = await RequestContext.runAs('COMMAND', 'audit erase', () => service.erase(userId));
  output.print(`The person was erased from ${count} entries`);
  return 0;
}
