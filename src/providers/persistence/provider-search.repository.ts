import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { SearchDocument } from '../../search/search-document.js';
import { RegistryProviderEntity } from './registry-provider.entity.js';

/** What searches know of a provider besides its texts. */
export interface ProviderSearchFacts extends Omit<SearchDocument, 'kind' | 'texts' | 'providerNames'> {
  /** `null` when nothing is published. */
  readonly latestVersionId: string | null;
  /** How many versions there are, whatever became of them. */
  readonly numbers: number;
}

/** The order of `Version.latest`. */
const LATEST = `
  SELECT v.id, v.version, v.published_at, v.signed_by = 'publisher' AS verified FROM provider_versions v
  WHERE v.provider_id = m.id AND v.state = 'active'
  ORDER BY CASE WHEN position('-' IN split_part(v.version, '+', 1)) > 0 THEN 0 WHEN v.deprecated_at IS NOT NULL THEN 1 ELSE 2 END DESC,
    v.sort_key DESC LIMIT 1`;

const COUNTED = `
  SELECT count(*)::int AS numbers, count(*) FILTER (WHERE v.state = 'active')::int AS active,
    coalesce(bool_and(v.deprecated_at IS NOT NULL) FILTER (WHERE v.state = 'active'), false) AS deprecated
  FROM provider_versions v WHERE v.provider_id = m.id`;

/** Of several mirrored providers of one name the oldest is found, as its address says; none that is held back. */
const IS_FOUND = `m.deleted_at IS NULL AND m.organization_id IS NOT NULL AND m.held_back_reason IS NULL
  AND (m.upstream_host = '' OR m.upstream_host || '/' || m.namespace || '/' || m.type = (
    SELECT n.name FROM namespace_claims n WHERE n.mirrored_address = m.namespace || '/' || m.type
    ORDER BY n.created_at, n.name LIMIT 1))`;

const FACTS = `
  SELECT m.id, m.organization_id AS "organizationId", m.namespace, m.type AS name, NULL AS system, m.description, m.source,
    m.created_by AS "createdBy", m.created_by_name AS "createdByName", m.created_at AS "createdAt",
    m.updated_at AS "updatedAt", l.id AS "latestVersionId", coalesce(l.version, '') AS "latestVersion",
    l.published_at AS "latestPublishedAt", coalesce(l.verified, false) AS verified, c.active AS versions, c.deprecated,
    c.numbers, CASE WHEN m.upstream_host <> '' THEN m.upstream_host || '/' || m.namespace || '/' || m.type END AS readers
  FROM registry_providers m LEFT JOIN LATERAL (${LATEST}) l ON true CROSS JOIN LATERAL (${COUNTED}) c
  WHERE m.id = $1 AND ${IS_FOUND}`;

/** The words of more pages would not fit into a row. */
const MAX_PAGES = 1_000;

/** Reads what the search row of a provider is made of, without texts of its versions. Joins the ambient transaction. */
@Injectable()
export class ProviderSearchRepository extends BaseRepository<RegistryProviderEntity> {
  constructor(dataSource: DataSource) {
    super(RegistryProviderEntity, dataSource);
  }

  /** A provider that is not deleted. */
  async facts(id: string): Promise<ProviderSearchFacts | undefined> {
    const [row] = (await this.manager.query(FACTS, [id])) as ProviderSearchFacts[];
    return row;
  }

  /** The id of the provider of this address, deleted or not. */
  async idOf(address: ProviderAddress): Promise<string | undefined> {
    const [row] = (await this.manager.query(
      'SELECT id FROM registry_providers WHERE namespace = $1 AND type = $2 AND upstream_host = $3',
      [address.namespace, address.type, address.host],
    )) as { id: string }[];
    return row?.id;
  }

  /** Names, titles and descriptions of the documentation pages of a version. */
  async pagesOf(versionId: string): Promise<string[]> {
    const rows = (await this.manager.query(
      `SELECT name, title, description FROM provider_documentation_pages WHERE version_id = $1
       ORDER BY position LIMIT $2`,
      [versionId, MAX_PAGES],
    )) as { name: string; title: string; description: string }[];
    return rows.flatMap(({ name, title, description }) => [name, title, description]);
  }

  /** The provider of a version. */
  async providerOf(versionId: string): Promise<string | undefined> {
    const [row] = (await this.manager.query('SELECT provider_id AS id FROM provider_versions WHERE id = $1', [
      versionId,
    ])) as { id: string }[];
    return row?.id;
  }

  /** Downloads of packages as they are stored. */
  async storedDownloads(id: string): Promise<number> {
    const [row] = (await this.manager.query(
      `SELECT coalesce(sum(c.downloads), 0) AS downloads FROM download_counts_daily c
       JOIN provider_packages p ON p.id = c.target_id JOIN provider_versions v ON v.id = p.version_id WHERE v.provider_id = $1`,
      [id],
    )) as { downloads: string }[];
    return Number(row?.downloads ?? 0);
  }

  /** The providers that packages belong to, by the ids of these; other ids are left out. */
  async ownersOf(targetIds: readonly string[]): Promise<Map<string, string>> {
    const rows = (await this.manager.query(
      `SELECT v.provider_id AS id, p.id AS target FROM provider_packages p
       JOIN provider_versions v ON v.id = p.version_id WHERE p.id = ANY($1::uuid[])`,
      [[...targetIds]],
    )) as { id: string; target: string }[];
    return new Map(rows.map(({ id, target }) => [target, id]));
  }

  /** Providers that have no row yet; at most `limit`. */
  async missing(limit: number): Promise<string[]> {
    const rows = (await this.manager.query(
      `SELECT m.id FROM registry_providers m WHERE ${IS_FOUND}
       AND NOT EXISTS (SELECT 1 FROM search_documents d WHERE d.id = m.id) ORDER BY m.id LIMIT $1`,
      [limit],
    )) as { id: string }[];
    return rows.map(({ id }) => id);
  }

  /** Keeps the provider as it is until the transaction ends. */
  async lock(id: string): Promise<void> {
    await this.manager.query('SELECT 1 FROM registry_providers WHERE id = $1 FOR UPDATE', [id]);
  }
}
