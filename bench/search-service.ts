import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { ApiKeyPrincipal } from '../src/access/principal.js';
import { AuthConfig } from '../src/config/auth.config.js';
import { SearchConfig } from '../src/config/search.config.js';
import { OrgAccess } from '../src/orgs/org-access.service.js';
import { NamespaceClaimsRepository } from '../src/orgs/persistence/namespace-claims.repository.js';
import { CacheInvalidation } from '../src/platform/cache/cache-invalidation.js';
import { Transactions } from '../src/platform/database/transactions.js';
import { SearchResultsRepository } from '../src/search/persistence/search-results.repository.js';
import { SearchWordsRepository } from '../src/search/persistence/search-words.repository.js';
import { SearchVocabulary } from '../src/search/search-vocabulary.service.js';
import { Search } from '../src/search/search.service.js';

/** The search of an open server on these tables, and somebody who may read what one organization keeps private. */
export async function searchOn(dataSource: DataSource): Promise<{ search: Search; owner: ApiKeyPrincipal }> {
  const transactions = new Transactions(dataSource);
  const auth = Object.assign(new AuthConfig(), { anonymousRead: true, multiTenancyEnabled: true });
  const claims = new NamespaceClaimsRepository(dataSource);
  const access = new OrgAccess(claims, auth, new CacheInvalidation(transactions));
  const vocabulary = new SearchVocabulary(new SearchWordsRepository(dataSource));
  const results = new SearchResultsRepository(dataSource);
  const search = new Search(results, vocabulary, access, transactions, new SearchConfig());
  const [own] = (await dataSource.query(`SELECT id FROM organizations WHERE name = 'bench-7'`)) as {
    id: string;
  }[];
  const owner: ApiKeyPrincipal = {
    kind: 'api-key',
    keyId: randomUUID(),
    organizationId: own!.id,
    userId: null,
    name: 'bench',
    email: null,
    authority: {
      isPlatformAdmin: false,
      organizations: new Map([[own!.id, ['modules:read', 'providers:read']]]),
      shared: undefined,
    },
    scopes: ['modules:read', 'providers:read'],
    expiresAt: null,
    namespaces: null,
    publishedFrom: null,
  };
  return { search, owner };
}
