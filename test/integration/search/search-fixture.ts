import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Authority } from '../../../src/access/authority.js';
import { ANONYMOUS, type ApiKeyPrincipal, type Principal } from '../../../src/access/principal.js';
import type { Scope } from '../../../src/access/scope.js';
import { AuthConfig } from '../../../src/config/auth.config.js';
import { SearchConfig } from '../../../src/config/search.config.js';
import type { Visibility } from '../../../src/orgs/domain/organization.js';
import type { Namespaces } from '../../../src/orgs/namespaces.service.js';
import { OrgAccess } from '../../../src/orgs/org-access.service.js';
import { OrgsModule } from '../../../src/orgs/orgs.module.js';
import { NamespaceClaimsRepository } from '../../../src/orgs/persistence/namespace-claims.repository.js';
import { CacheInvalidation } from '../../../src/platform/cache/cache-invalidation.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { SearchDocumentsRepository } from '../../../src/search/persistence/search-documents.repository.js';
import { SearchResultsRepository } from '../../../src/search/persistence/search-results.repository.js';
import { SearchWordsRepository } from '../../../src/search/persistence/search-words.repository.js';
import type { SearchDocument } from '../../../src/search/search-document.js';
import { SearchIndex } from '../../../src/search/search-index.service.js';
import type { SearchPage, SearchRequest } from '../../../src/search/search-request.js';
import { SearchModule } from '../../../src/search/search.module.js';
import { SearchVocabulary } from '../../../src/search/search-vocabulary.service.js';
import { Search } from '../../../src/search/search.service.js';
import { createTestDatabase } from '../../support/database.js';

/** A row to be found: what is put, how often it was downloaded, and who may see its namespace. */
export interface FixtureDocument extends SearchDocument {
  readonly downloads: number;
}

/** The search over a database of its own, without modules and providers: rows are put as they are given. */
export class SearchFixture {
  /** By namespace; without an entry it follows the server. */
  readonly visibilities = new Map<string, Visibility>();

  private constructor(
    readonly dataSource: DataSource,
    readonly transactions: Transactions,
    private readonly index: SearchIndex,
    readonly documents: SearchDocumentsRepository,
    readonly drop: () => Promise<void>,
  ) {}

  static async create(): Promise<SearchFixture> {
    const database = await createTestDatabase();
    const dataSource = await database.open([...OrgsModule.entities, ...SearchModule.entities]);
    const documents = new SearchDocumentsRepository(dataSource);
    const namespaces = { holdReaders: (name: string) => Promise.resolve(fixture.visibilities.get(name)) };
    const words = new SearchWordsRepository(dataSource);
    const index = new SearchIndex(documents, words, namespaces as unknown as Namespaces);
    const transactions = new Transactions(dataSource);
    const fixture = new SearchFixture(dataSource, transactions, index, documents, () => database.drop());
    return fixture;
  }

  /** Puts rows, with statistics for the planner afterwards. */
  async put(rows: readonly FixtureDocument[]): Promise<void> {
    for (const { downloads, ...document } of rows) {
      await this.transactions.run(() => this.index.put(document, () => Promise.resolve(downloads)));
    }
    await this.dataSource.query('ANALYZE search_documents, search_downloads, search_words');
  }

  /** A search of a server that is open, or not, to people who are not signed in; nothing is remembered yet. */
  search({
    isOpen = true,
    settings = {},
  }: { isOpen?: boolean; settings?: Partial<SearchConfig> } = {}): Search {
    const auth = Object.assign(new AuthConfig(), { anonymousRead: isOpen, multiTenancyEnabled: true });
    const changes = new CacheInvalidation(this.transactions);
    const access = new OrgAccess(new NamespaceClaimsRepository(this.dataSource), auth, changes);
    return new Search(
      new SearchResultsRepository(this.dataSource),
      new SearchVocabulary(new SearchWordsRepository(this.dataSource)),
      access,
      this.transactions,
      Object.assign(new SearchConfig(), settings),
    );
  }
}

/** Every page of a search, by cursor. */
export async function walk(
  search: Search,
  principal: Principal,
  request: SearchRequest,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<SearchPage[]> {
  const pages: SearchPage[] = [];
  let cursor: string | undefined;
  do {
    const page = await search.find(principal, { ...request, ...(cursor !== undefined && { cursor }) });
    pages.push(page);
    cursor = page.nextCursor;
    await between();
  } while (cursor !== undefined);
  return pages;
}

/** A key that holds scopes in organizations; `namespaces`: it was exchanged for these alone. */
export function keyOf(
  organizations: Readonly<Record<string, readonly Scope[]>>,
  {
    namespaces = null,
    isPlatformAdmin = false,
  }: { namespaces?: string[] | null; isPlatformAdmin?: boolean } = {},
): ApiKeyPrincipal {
  const authority: Authority = {
    isPlatformAdmin,
    organizations: new Map(Object.entries(organizations)),
    shared: undefined,
  };
  return {
    kind: 'api-key',
    keyId: randomUUID(),
    organizationId: Object.keys(organizations)[0] ?? randomUUID(),
    userId: null,
    name: 'key',
    email: null,
    authority,
    scopes: [],
    expiresAt: null,
    namespaces,
    publishedFrom: null,
  };
}

/** A module with these facts, everything else as plain as possible. */
export function aDocument(given: Partial<FixtureDocument> = {}): FixtureDocument {
  return {
    kind: 'module',
    id: randomUUID(),
    organizationId: ORGANIZATION,
    namespace: 'acme',
    name: 'vpc',
    system: given.kind === 'provider' ? null : 'aws',
    description: null,
    source: null,
    createdBy: null,
    createdByName: null,
    latestVersion: '1.0.0',
    latestPublishedAt: new Date('2026-01-01T00:00:00Z'),
    versions: 1,
    deprecated: false,
    verified: false,
    providerNames: [],
    texts: [],
    createdAt: new Date('2026-01-01T00:00:00Z'),
    updatedAt: new Date('2026-01-01T00:00:00Z'),
    downloads: 0,
    ...given,
  };
}

export const ORGANIZATION = randomUUID();
export { ANONYMOUS };
