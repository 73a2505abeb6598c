// The blob service of azurite, until whoever started it is gone.
import { createRequire } from 'node:module';

process.once('disconnect', () => process.exit());
createRequire(import.meta.url)('azurite/dist/src/blob/main.js');
