import type { INestApplicationContext } from '@nestjs/common';
import type { CommandOutput } from '../kernel/command-output.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import { SetupCompleted, SetupIncomplete } from './domain/setup.errors.js';
import { Setup } from './setup.service.js';

/** Ends the first-run setup when an administrator who was made on the command line was all that it needed. */
export async function endSetup(context: INestApplicationContext, output: CommandOutput): Promise<void> {
  try {
    const setup = context.get(Setup, { strict: false });
    await RequestContext.runAs('COMMAND', 'setup complete', () => setup.complete());
    output.hint('The first-run setup is complete; its token opens nothing any more.');
  } catch (error) {
    if (!(error instanceof SetupCompleted) && !(error instanceof SetupIncomplete)) throw error;
  }
}
