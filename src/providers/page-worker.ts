import { parentPort } from 'node:worker_threads';
import { type PageTask, renderProviderPage } from './render-provider-page.js';

/** The thread of `ProviderPageRenderer`: answers each task with its pages. It has no credentials and no connections. */
const port = parentPort;
port?.on('message', ({ pages, surroundings }: PageTask) =>
  port.postMessage(pages.map(({ page, text }) => renderProviderPage(page, text, surroundings))),
);
port?.postMessage('started');
