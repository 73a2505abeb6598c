import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DocumentationConfig } from '../config/documentation.config.js';
import { TaskThread } from '../platform/threads/task-thread.js';
import type { DocumentationSources } from './documentation-archive.js';
import type { DocumentationPage } from './domain/provider-documentation.js';
import { InvalidProviderDocumentation } from './domain/providers.errors.js';
import type { PageSource, PageTask } from './render-provider-page.js';

/** The thread has the language of this file: compiled in the product, source in tests. */
const ENTRY = new URL(import.meta.url.replace(/provider-page-renderer(\.[jt]s)/, 'page-worker$1'));
/** Texts that are sent to the thread together. */
const BATCH_LENGTH = 64 * 1024;
const BATCH_PAGES = 50;
/** Whoever sends more pages that cost too much gets none: each of them costs the whole deadline. */
const MAX_FAILED_PAGES = 3;

/** Renders documentation pages in a thread with a deadline (`documentation.timeout`) and a heap of its own. */
@Injectable()
export class ProviderPageRenderer implements OnApplicationShutdown {
  private readonly thread: TaskThread<PageTask, DocumentationPage[]>;

  constructor({ timeoutMs, maxHeapBytes, workerIdleMs }: DocumentationConfig) {
    const limits = { timeoutMs, maxHeapBytes, idleMs: workerIdleMs };
    this.thread = new TaskThread({ name: 'provider-pages', entry: ENTRY, ...limits });
  }

  /** After the jobs have ended, which wait for their pages. */
  async onApplicationShutdown(): Promise<void> {
    await this.thread.stop();
  }

  /**
   * All pages that can be rendered, and a sentence for each of the others. `url` is where they are served. Throws
   * `InvalidProviderDocumentation` when too many cannot be, `ThreadUnavailable`, and when `signal` is aborted.
   */
  async render(
    { root, pages, texts }: DocumentationSources,
    url: string,
    signal: AbortSignal,
  ): Promise<{ pages: DocumentationPage[]; problems: string[] }> {
    const surroundings = { root, url, pages: new Set(pages.map(({ kind, name }) => `${kind}/${name}`)) };
    const rendered: DocumentationPage[] = [];
    const problems: string[] = [];
    const batches = batchesOf(pages.map((page) => ({ page, text: texts.get(page.file)! })));
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      signal.throwIfAborted();
      const outcome = await this.thread.run({ pages: batch, surroundings });
      if (outcome.kind === 'done') rendered.push(...outcome.result);
      // Which page of several it is that costs too much is found by rendering each alone.
      else if (batch.length > 1) batches.unshift(...batch.map((source) => [source]));
      else problems.push(`${batch[0]!.page.path} was left out: ${outcome.reason}`);
      if (problems.length > MAX_FAILED_PAGES) {
        throw new InvalidProviderDocumentation(
          `more than ${MAX_FAILED_PAGES} pages cannot be rendered; ${problems[0]}`,
        );
      }
    }
    return { pages: rendered, problems };
  }
}

function batchesOf(sources: readonly PageSource[]): PageSource[][] {
  const batches: PageSource[][] = [];
  let length = 0;
  for (const source of sources) {
    const last = batches.at(-1);
    length += source.text.length;
    if (last === undefined || last.length === BATCH_PAGES || length > BATCH_LENGTH) {
      batches.push([source]);
      length = source.text.length;
    } else last.push(source);
  }
  return batches;
}
