import { ServerConfig } from '../../../src/config/server.config.js';
import { SystemClock } from '../../../src/kernel/clock.js';
import { DatabaseConnection } from '../../../src/platform/database/database-connection.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { DocumentCache } from '../../../src/platform/documents/document-cache.js';
import { DocumentVisibility } from '../../../src/platform/documents/document-visibility.js';
import { GenerationListener } from '../../../src/platform/documents/generation-listener.js';
import { LinkRenderer, type LinkSource } from '../../../src/platform/documents/link-renderer.js';
import { ProtocolDocumentEntity } from '../../../src/platform/documents/persistence/protocol-document.entity.js';
import { ProtocolDocumentsRepository } from '../../../src/platform/documents/persistence/protocol-documents.repository.js';
import type { PreparedDocument } from '../../../src/platform/documents/prepared-document.js';
import { ProtocolDocuments } from '../../../src/platform/documents/protocol-documents.service.js';
import type { TestDatabase } from '../../support/database.js';

/** The parts of one registry process that concern documents, with a pool and a listener of its own. */
export interface DocumentNode {
  readonly documents: ProtocolDocuments;
  readonly repository: ProtocolDocumentsRepository;
  readonly cache: DocumentCache;
  readonly listener: GenerationListener;
  readonly transactions: Transactions;
  readonly connection: DatabaseConnection;
  /** The body this process answers, `undefined` when there is no document. */
  body(path: string): Promise<string | undefined>;
  /** SQL statements that `work` sends over the pool. */
  statementsOf(work: () => Promise<unknown>): Promise<number>;
  close(): Promise<void>;
}

const LINKS: LinkSource = {
  downloadUrl: async ({ keyPath }) => ({
    url: `/v1/files/${keyPath}?expires=1&signature=s`,
    expiresAtMs: Date.now() + 900_000,
    acceptsParameters: true,
  }),
};

/** Starts a node; with `listens: false` nobody tells it anything, as if NOTIFY and poll were lost. */
export async function startNode(
  database: TestDatabase,
  { listens = true }: { listens?: boolean } = {},
): Promise<DocumentNode> {
  const connection = await DatabaseConnection.open(database.config, {
    entities: [ProtocolDocumentEntity],
    mode: 'serve',
    log: () => undefined,
  });
  const cache = new DocumentCache();
  const repository = new ProtocolDocumentsRepository(connection.dataSource);
  const transactions = new Transactions(connection.dataSource);
  const listener = new GenerationListener(connection, cache);
  const renderer = new LinkRenderer(LINKS, new ServerConfig(), new SystemClock());
  const documents = new ProtocolDocuments(
    repository,
    transactions,
    cache,
    renderer,
    listener,
    new DocumentVisibility(),
  );
  if (listens) {
    listener.onModuleInit();
    await until(() => listener.isConnected);
  }
  const node: DocumentNode = {
    documents,
    repository,
    cache,
    listener,
    transactions,
    connection,
    async body(path) {
      const held = await documents.answer(path);
      const plain = { isAuthenticated: false, acceptsGzip: false, ifNoneMatch: undefined };
      return held && (await held.refresh()).answer(plain).body?.toString();
    },
    async statementsOf(work) {
      const before = connection.statements.count;
      await work();
      return connection.statements.count - before;
    },
    async close() {
      await listener.onApplicationShutdown();
      await connection.close();
    },
  };
  return node;
}

/** A small public document. */
export function document(path: string, body: string, more: Partial<PreparedDocument> = {}): PreparedDocument {
  return { path, namespace: 'acme', scope: 'modules:read', visibility: null, status: 200, body, ...more };
}

/** Waits until something is true, at most `withinMs`. */
export async function until(isTrue: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error('It did not become true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
