import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { SearchDocument } from '../../search/search-document.js';
import { RegistryModuleEntity } from './registry-module.entity.js';

/** What searches know of a module besides its texts. */
export interface ModuleSearchFacts extends Omit<SearchDocument, 'kind' | 'texts' | 'providerNames'> {
  /** `null` when nothing is published. */
  readonly latestVersionId: string | null;
  /** How many versions there are, whatever became of them. */
  readonly numbers: number;
}

/** The order of `Version.latest`. */
const LATEST = `
  SELECT v.id, v.version, v.published_at, v.published_from IS NOT NULL AS verified FROM module_versions v
  WHERE v.module_id = m.id AND v.state = 'active'
  ORDER BY CASE WHEN position('-' IN v.version) > 0 THEN 0 WHEN v.deprecated_at IS NOT NULL THEN 1 ELSE 2 END DESC,
    v.sort_key DESC LIMIT 1`;

const COUNTED = `
  SELECT count(*)::int AS numbers, count(*) FILTER (WHERE v.state = 'active')::int AS active,
    coalesce(bool_and(v.deprecated_at IS NOT NULL) FILTER (WHERE v.state = 'active'), false) AS deprecated
  FROM module_versions v WHERE v.module_id = m.id`;

const FACTS = `
  SELECT m.id, m.organization_id AS "organizationId", m.namespace, m.name, m.system, m.description, m.source,
    m.created_by AS "createdBy", m.created_by_name AS "createdByName", m.created_at AS "createdAt",
    m.updated_at AS "updatedAt", l.id AS "latestVersionId", coalesce(l.version, '') AS "latestVersion",
    l.published_at AS "latestPublishedAt", coalesce(l.verified, false) AS verified, c.active AS versions, c.deprecated,
    c.numbers
  FROM registry_modules m LEFT JOIN LATERAL (${LATEST}) l ON true CROSS JOIN LATERAL (${COUNTED}) c
  WHERE m.id = $1 AND m.deleted_at IS NULL AND m.organization_id IS NOT NULL`;

/** Reads what the search row of a module is made of, without texts of its versions. Joins the ambient transaction. */
@Injectable()
export class ModuleSearchRepository extends BaseRepository<RegistryModuleEntity> {
  constructor(dataSource: DataSource) {
    super(RegistryModuleEntity, dataSource);
  }

  /** A module that is not deleted. */
  async facts(id: string): Promise<ModuleSearchFacts | undefined> {
    const [row] = (await this.manager.query(FACTS, [id])) as ModuleSearchFacts[];
    return row;
  }

  /** The id of the module of this address, deleted or not. */
  async idOf(address: ModuleAddress): Promise<string | undefined> {
    const [row] = (await this.manager.query(
      'SELECT id FROM registry_modules WHERE namespace = $1 AND name = $2 AND system = $3',
      [address.namespace, address.name, address.system],
    )) as { id: string }[];
    return row?.id;
  }

  /** The README of a version; `""` without one. */
  async readmeOf(versionId: string): Promise<string> {
    const [row] = (await this.manager.query('SELECT readme FROM module_versions WHERE id = $1', [
      versionId,
    ])) as {
      readme: string | null;
    }[];
    return row?.readme ?? '';
  }

  /** Downloads of versions as they are stored. */
  async storedDownloads(id: string): Promise<number> {
    const [row] = (await this.manager.query(
      `SELECT coalesce(sum(c.downloads), 0) AS downloads FROM download_counts_daily c
       JOIN module_versions v ON v.id = c.target_id WHERE v.module_id = $1`,
      [id],
    )) as { downloads: string }[];
    return Number(row?.downloads ?? 0);
  }

  /** The modules that versions belong to, by the ids of these; other ids are left out. */
  async ownersOf(targetIds: readonly string[]): Promise<Map<string, string>> {
    const rows = (await this.manager.query(
      `SELECT v.module_id AS id, v.id AS target FROM module_versions v WHERE v.id = ANY($1::uuid[])`,
      [[...targetIds]],
    )) as { id: string; target: string }[];
    return new Map(rows.map(({ id, target }) => [target, id]));
  }

  /** Modules that have no row yet; at most `limit`. */
  async missing(limit: number): Promise<string[]> {
    const rows = (await this.manager.query(
      `SELECT m.id FROM registry_modules m WHERE m.deleted_at IS NULL AND m.organization_id IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM search_documents d WHERE d.id = m.id) ORDER BY m.id LIMIT $1`,
      [limit],
    )) as { id: string }[];
    return rows.map(({ id }) => id);
  }

  /** Keeps the module as it is until the transaction ends. */
  async lock(id: string): Promise<void> {
    await this.manager.query('SELECT 1 FROM registry_modules WHERE id = $1 FOR UPDATE', [id]);
  }
}
