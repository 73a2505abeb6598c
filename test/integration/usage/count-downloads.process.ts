/** Counts downloads for ever, and acknowledges each one on stdout when it is counted. Arguments: directory, ids. */
import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { StorageConfig } from '../../../src/config/storage.config.js';
import { detailsText } from '../../../src/usage/download-details.js';
import { DownloadCounter } from '../../../src/usage/download-counter.service.js';

const [tempDir, ...ids] = process.argv.slice(2);
const counter = new DownloadCounter(Object.assign(new StorageConfig(), { tempDir }));
for (let done = 0; ; done += 1) {
  const id = ids[done % ids.length]!;
  const caller = {
    who: '',
    organizationId: '',
    clientIp: '192.0.2.1',
    clientVersion: '1.11.4',
    isOpenTofu: false,
    requestId: `r${done}`,
  };
  counter.count(id, detailsText('/v1/modules/acme/vpc/aws/1.0.0/download', caller));
  writeSync(1, `${id}\n`);
  if (done % 1_000 === 999) counter.rotate();
}
