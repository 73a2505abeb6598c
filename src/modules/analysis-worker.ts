import { parentPort } from 'node:worker_threads';
import type { AnalysisTask } from './analysis-task.js';
import { documentModule } from './document-module.js';

/** The thread of `AnalysisThread`: answers each task with its outcome. It has no credentials and no connections. */
const port = parentPort;
port?.on('message', (task: AnalysisTask) => port.postMessage(documentModule(task)));
port?.postMessage('started');
