import { randomBytes, randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Authority } from '../../../../src/access/authority.js';
import type { ApiKeyPrincipal } from '../../../../src/access/principal.js';
import type { Scope } from '../../../../src/access/scope.js';
import { AuditLog } from '../../../../src/audit/audit-log.service.js';
import { AuditModule } from '../../../../src/audit/audit.module.js';
import { AuditChainsRepository } from '../../../../src/audit/persistence/audit-chains.repository.js';
import { ApiKeyRecords } from '../../../../src/auth/api-key-records.service.js';
import { ApiKeys } from '../../../../src/auth/api-keys.service.js';
import { AuthModule } from '../../../../src/auth/auth.module.js';
import { KeyDigests } from '../../../../src/auth/key-digests.service.js';
import { KeyLookup } from '../../../../src/auth/key-lookup.service.js';
import { KeyUsage } from '../../../../src/auth/key-usage.service.js';
import { ApiKeyAdministrationRepository } from '../../../../src/auth/persistence/api-key-administration.repository.js';
import { ApiKeysRepository } from '../../../../src/auth/persistence/api-keys.repository.js';
import { AuditConfig } from '../../../../src/config/audit.config.js';
import { AuthConfig } from '../../../../src/config/auth.config.js';
import type { SecretsConfig } from '../../../../src/config/secrets.config.js';
import { MirroredClaims } from '../../../../src/orgs/mirrored-claims.service.js';
import { NamespaceOwners } from '../../../../src/orgs/namespace-owners.service.js';
import { Namespaces } from '../../../../src/orgs/namespaces.service.js';
import { OrgAccess } from '../../../../src/orgs/org-access.service.js';
import { Organizations } from '../../../../src/orgs/organizations.service.js';
import { OrgsModule } from '../../../../src/orgs/orgs.module.js';
import { NamespaceClaimsRepository } from '../../../../src/orgs/persistence/namespace-claims.repository.js';
import { OrganizationsRepository } from '../../../../src/orgs/persistence/organizations.repository.js';
import { UserAuthorityRepository } from '../../../../src/orgs/persistence/user-authority.repository.js';
import { UserAuthority } from '../../../../src/orgs/user-authority.service.js';
import { CryptoModule } from '../../../../src/platform/crypto/crypto.module.js';
import { CacheInvalidation } from '../../../../src/platform/cache/cache-invalidation.js';
import { PlatformSecretsRepository } from '../../../../src/platform/crypto/persistence/platform-secrets.repository.js';
import { PlatformSecrets } from '../../../../src/platform/crypto/platform-secrets.service.js';
import { SecretBox } from '../../../../src/platform/crypto/secret-box.js';
import { StatementCounter } from '../../../../src/platform/database/statement-counter.js';
import { Transactions } from '../../../../src/platform/database/transactions.js';
import type { TestDatabase } from '../../../support/database.js';

export const IDENTITY_ENTITIES: Function[] = [
  ...AuditModule.entities,
  ...CryptoModule.entities,
  ...OrgsModule.entities,
  ...AuthModule.entities,
];

/** A key that seals the secrets of one test database. */
export const newEncryptionKey = (): Buffer => randomBytes(32);

/** The identity services of one process on a test database; several of them are several processes. */
export async function identityProcess(
  database: TestDatabase,
  encryptionKey: Buffer,
  settings: Partial<AuthConfig> = {},
) {
  const counter = new StatementCounter();
  const dataSource = await database.open(IDENTITY_ENTITIES, counter);
  const config = Object.assign(new AuthConfig(), settings);
  const box = new SecretBox({ encryptionKey, previousEncryptionKeys: [] } as unknown as SecretsConfig);
  const secrets = new PlatformSecrets(new PlatformSecretsRepository(dataSource), box);
  const organizations = new Organizations(new OrganizationsRepository(dataSource), config);
  const claims = new NamespaceClaimsRepository(dataSource);
  const transactions = new Transactions(dataSource);
  const changes = new CacheInvalidation(transactions);
  const access = new OrgAccess(claims, config, changes);
  const namespaces = new Namespaces(
    claims,
    organizations,
    access,
    transactions,
    new NamespaceOwners(organizations, access, config),
    new MirroredClaims(claims, access, transactions, changes),
  );
  const keysRepository = new ApiKeysRepository(dataSource);
  const usage = new KeyUsage(keysRepository);
  const digests = new KeyDigests(secrets, config);
  const lookup = new KeyLookup(keysRepository, digests, changes);
  const audit = new AuditLog(new AuditConfig(), new AuditChainsRepository(dataSource, transactions));
  const administration = new ApiKeyAdministrationRepository(dataSource);
  const records = new ApiKeyRecords(keysRepository, administration, digests, transactions, audit, changes);
  const users = new UserAuthority(new UserAuthorityRepository(dataSource), config, changes);
  const keys = new ApiKeys(lookup, records, usage, organizations, users, config);
  await digests.onModuleInit();
  await organizations.ensureDefault();
  return {
    counter,
    dataSource,
    config,
    secrets,
    organizations,
    access,
    transactions,
    namespaces,
    usage,
    records,
    keys,
  };
}

export type IdentityProcess = Awaited<ReturnType<typeof identityProcess>>;

/** Stores an organization; gives its id. */
export async function addOrganization(
  dataSource: DataSource,
  name: string,
  visibility: 'private' | 'public' | null = null,
): Promise<string> {
  const [row]: { id: string }[] = await dataSource.query(
    `INSERT INTO organizations (name, display_name, visibility) VALUES ($1, $1, $2) RETURNING id`,
    [name, visibility],
  );
  return row!.id;
}

/** Stores a user who is a member of organizations under the named role templates; gives the id. */
export async function addUser(dataSource: DataSource, roles: Record<string, string | null>): Promise<string> {
  const [row]: { id: string }[] = await dataSource.query(
    `INSERT INTO users (email, name) VALUES ($1, 'Ada') RETURNING id`,
    [`${randomUUID()}@example.com`],
  );
  for (const [organizationId, role] of Object.entries(roles)) {
    await dataSource.query(
      `INSERT INTO memberships (organization_id, user_id, role_template_id)
       VALUES ($1, $2, (SELECT id FROM role_templates WHERE name = $3))`,
      [organizationId, row!.id, role],
    );
  }
  return row!.id;
}

/** The principal of a key with these scopes in this organization. */
export function keyOf(
  organizationId: string,
  scopes: Scope[],
  { isMultiTenant = true, ...more }: Partial<ApiKeyPrincipal> & { isMultiTenant?: boolean } = {},
): ApiKeyPrincipal {
  return {
    kind: 'api-key',
    keyId: randomUUID(),
    organizationId,
    userId: null,
    name: 'ci',
    email: null,
    authority: {
      isPlatformAdmin: false,
      organizations: new Map([[organizationId, scopes]]),
      shared: isMultiTenant ? undefined : scopes,
    },
    scopes,
    expiresAt: null,
    namespaces: null,
    publishedFrom: null,
    ...more,
  };
}

/** What a platform administrator has. */
export const PLATFORM_ADMIN: Authority = {
  isPlatformAdmin: true,
  organizations: new Map(),
  shared: undefined,
};

/** Who presents `key`; `undefined` when it is no usable key. */
export async function authenticate(keys: ApiKeys, key: string): Promise<ApiKeyPrincipal | undefined> {
  const check = await keys.check(key);
  return check.outcome === 'valid' && check.principal.kind === 'api-key' ? check.principal : undefined;
}
