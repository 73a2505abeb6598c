import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { PublishedFrom } from '../../access/principal.js';
import type { Scope } from '../../access/scope.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { NamedQuery } from '../../platform/database/named-query.js';
import type { KeyFacts } from '../key-facts.js';
import { ApiKeyEntity } from './api-key.entity.js';

/** What is stored of a new key. */
export type StoredKey = Pick<
  ApiKeyEntity,
  'organizationId' | 'userId' | 'name' | 'description' | 'keyPrefix' | 'keyDigest' | 'scopes' | 'expiresAt'
> &
  Partial<Pick<ApiKeyEntity, 'trustedPublisherId' | 'namespaces' | 'publishedFrom'>>;

interface KeyRow {
  id: string;
  key_digest: Buffer;
  name: string;
  organization_id: string;
  is_default: boolean;
  scopes: Scope[];
  expires_at: Date | null;
  namespaces: string[] | null;
  published_from: PublishedFrom | null;
  user_id: string | null;
  user_name: string | null;
  user_email: string | null;
  is_active: boolean | null;
  memberships: { organization_id: string; is_default: boolean; scopes: Scope[] | null }[] | null;
}

const BY_DIGEST = `
  SELECT k.id, k.key_digest, k.name, k.organization_id, o.is_default, k.scopes, k.expires_at,
    k.namespaces, k.published_from, u.id AS user_id, u.name AS user_name, u.email AS user_email, u.is_active,
    (SELECT json_agg(json_build_object(
        'organization_id', m.organization_id, 'is_default', mo.is_default, 'scopes', r.scopes))
      FROM memberships m
      JOIN organizations mo ON mo.id = m.organization_id
      LEFT JOIN role_templates r ON r.id = m.role_template_id
      WHERE m.user_id = k.user_id) AS memberships
  FROM api_keys k
  JOIN organizations o ON o.id = k.organization_id
  LEFT JOIN users u ON u.id = k.user_id
  WHERE k.key_digest = $1 AND k.revoked_at IS NULL`;

/** API keys as credentials. Joins the ambient transaction. */
@Injectable()
export class ApiKeysRepository extends BaseRepository<ApiKeyEntity> {
  private readonly byDigest: NamedQuery<KeyRow>;

  constructor(dataSource: DataSource) {
    super(ApiKeyEntity, dataSource);
    this.byDigest = new NamedQuery(dataSource, 'api-key-by-digest', BY_DIGEST);
  }

  /**
   * The key with this digest and what its owner holds now, in one indexed statement; one that was revoked is as if
   * nobody had issued it, and costs the same (threat A2).
   */
  async findForAuthentication(digest: Buffer): Promise<KeyFacts | undefined> {
    const [row] = await this.byDigest.run([digest]);
    return row && factsOf(row);
  }

  /** Stores a key; gives its id and when that was. */
  async add(key: StoredKey): Promise<{ id: string; createdAt: Date }> {
    const { generatedMaps } = await this.repository.insert(key);
    return generatedMaps[0] as { id: string; createdAt: Date };
  }

  /** The id of the key with this digest, revoked or not. */
  async findId(digest: Buffer): Promise<string | undefined> {
    const rows: { id: string }[] = await this.manager.query('SELECT id FROM api_keys WHERE key_digest = $1', [
      digest,
    ]);
    return rows[0]?.id;
  }

  /** Notes when keys were last used, all in one statement; an earlier time never replaces a later one. */
  async markUsed(uses: ReadonlyMap<string, Date>): Promise<void> {
    await this.manager.query(
      `UPDATE api_keys k SET last_used_at = greatest(k.last_used_at, used.at)
       FROM unnest($1::uuid[], $2::timestamptz[]) AS used (id, at) WHERE k.id = used.id`,
      [[...uses.keys()], [...uses.values()]],
    );
  }
}

function factsOf(row: KeyRow): KeyFacts {
  const memberships = (row.memberships ?? []).map((one) => ({
    organizationId: one.organization_id,
    isDefaultOrganization: one.is_default,
    scopes: one.scopes ?? [],
  }));
  return {
    id: row.id,
    digest: row.key_digest,
    name: row.name,
    organizationId: row.organization_id,
    isDefaultOrganization: row.is_default,
    scopes: row.scopes,
    expiresAt: row.expires_at,
    namespaces: row.namespaces,
    publishedFrom: row.published_from,
    owner:
      row.user_id === null
        ? null
        : {
            userId: row.user_id,
            name: row.user_name ?? '',
            email: row.user_email ?? '',
            isActive: row.is_active === true,
            memberships,
          },
  };
}
