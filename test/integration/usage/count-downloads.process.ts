/** Counts downloads for ever, and acknowledges each one on stdout when it is counted. Arguments: directory, ids. */
import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { StorageConfig } from '../../../src/config/storage.config.js';
import { DownloadCounter } from '../../../src/usage/download-counter.service.js';

const [tempDir, ...ids] = process.argv.slice(2);
const counter = new DownloadCounter(Object.assign(new StorageConfig(), { tempDir }));
for (let done = 0; ; done += 1) {
  const id = ids[done % ids.length]!;
  counter.count(id);
  writeSync(1, `${id}\n`);
  if (done % 1_000 === 999) counter.rotate();
}
