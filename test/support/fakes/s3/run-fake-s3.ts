/**
 * `node test/support/fakes/s3/run-fake-s3.ts`: a FakeS3 as a process. Prints its settings as one line of JSON. Each
 * line of JSON on standard input is the list of faults from then on. Ends with SIGTERM or SIGINT, and when a pipe to its
 * standard input is closed.
 */
import { fstatSync } from 'node:fs';
import { createInterface } from 'node:readline';
import '../../../../scripts/typescript-imports.mjs';
import type { S3Fault } from './s3-faults.js';

const { FakeS3 } = await import('./fake-s3.js');
const fake = await FakeS3.start();
const end = (): void => void fake.stop().then(() => process.exit(0));
process.once('SIGTERM', end);
process.once('SIGINT', end);

const input = fstatSync(0);
if (input.isFIFO() || input.isSocket()) {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    fake.faults.clear();
    for (const fault of JSON.parse(line) as S3Fault[]) fake.faults.add(fault);
    process.stdout.write('faults set\n');
  });
  lines.on('close', end);
}
process.stdout.write(`${JSON.stringify(fake.settings)}\n`);
