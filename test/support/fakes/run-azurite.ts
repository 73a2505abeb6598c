/**
 * `node test/support/fakes/run-azurite.ts`: a container of azurite as a process. Prints its settings as one line of
 * JSON. Each line of JSON on standard input is the list of faults from then on. Ends with SIGTERM or SIGINT, and when a
 * pipe to its standard input is closed.
 */
import { fstatSync } from 'node:fs';
import { createInterface } from 'node:readline';
import '../../../scripts/typescript-imports.mjs';
import type { AzureFault } from './azurite-faults.js';

const { Azurite } = await import('./azurite.js');
const azurite = await Azurite.start();
const end = (): void => void azurite.stop().then(() => process.exit(0));
process.once('SIGTERM', end);
process.once('SIGINT', end);

const input = fstatSync(0);
if (input.isFIFO() || input.isSocket()) {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    azurite.faults.clear();
    for (const fault of JSON.parse(line) as AzureFault[]) azurite.faults.add(fault);
    process.stdout.write('faults set\n');
  });
  lines.on('close', end);
}
process.stdout.write(`${JSON.stringify(azurite.settings)}\n`);
