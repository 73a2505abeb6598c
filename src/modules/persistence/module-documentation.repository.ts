import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import {
  ANALYZER_VERSION,
  type AnalysisOutcome,
  type ArchiveFile,
  type RenderedPart,
} from '../domain/analyzed-module.js';
import type { VersionComparison } from '../domain/version-comparison.js';
import { ModuleDocumentationPartEntity } from './module-documentation-part.entity.js';
import { ModuleDocumentationEntity } from './module-documentation.entity.js';
import { ModuleVersionEntity } from './module-version.entity.js';
import { RegistryModuleEntity } from './registry-module.entity.js';

/** A version that is analyzed, and the address of its module. */
export interface AnalyzedVersion {
  readonly id: string;
  readonly moduleId: string;
  readonly namespace: string;
  readonly name: string;
  readonly system: string;
  readonly version: string;
  readonly sortKey: string;
  readonly digest: string;
  readonly topFolder: string | null;
}

/** What is known about a version besides files and parts. */
export type DocumentationRow = Omit<ModuleDocumentationEntity, 'files'>;

const ORDER_OF_KINDS = `array_position(ARRAY['root', 'submodule', 'example'], part.kind)`;

/** What the analysis of versions found. Joins the ambient transaction. */
@Injectable()
export class ModuleDocumentationRepository extends BaseRepository<ModuleDocumentationEntity> {
  constructor(dataSource: DataSource) {
    super(ModuleDocumentationEntity, dataSource);
  }

  /** What is known about a version, without its files. */
  async find(versionId: string): Promise<DocumentationRow | null> {
    return this.repository.findOne({
      where: { versionId },
      select: {
        versionId: true,
        status: true,
        analyzer: true,
        problems: true,
        licence: true,
        changelogHtml: true,
        comparison: true,
        requestedAt: true,
        analyzedAt: true,
      },
    });
  }

  /** Paths and kinds of the parts of a version, in the order of `parts`. */
  async outline(versionId: string): Promise<Pick<ModuleDocumentationPartEntity, 'path' | 'kind'>[]> {
    return this.partsOf(versionId).select(['part.versionId', 'part.path', 'part.kind']).getMany();
  }

  /** One part of a version. */
  async part(versionId: string, path: string): Promise<RenderedPart | null> {
    const row = await this.partRepository.findOneBy({ versionId, path });
    return row && rendered(row);
  }

  /** The root module, then submodules and examples by path. */
  async parts(versionId: string): Promise<RenderedPart[]> {
    return (await this.partsOf(versionId).getMany()).map(rendered);
  }

  /** The file of this path that READMEs of a version may show. */
  async file(versionId: string, path: string): Promise<ArchiveFile | null> {
    const [row] = await this.manager.query<{ file: ArchiveFile }[]>(
      `SELECT file FROM module_documentation d, jsonb_array_elements(d.files) file
       WHERE d.version_id = $1 AND file ->> 'path' = $2 LIMIT 1`,
      [versionId, path],
    );
    return row?.file ?? null;
  }

  /** Notes that a version waits for its analysis; what is known stays until then. */
  async request(versionId: string): Promise<void> {
    await this.manager.query(
      `INSERT INTO module_documentation (version_id, requested_at) VALUES ($1, now())
       ON CONFLICT (version_id) DO UPDATE SET requested_at = now()`,
      [versionId],
    );
  }

  /** Replaces what is known about a version by an outcome of the present analyzer. */
  async store(versionId: string, outcome: AnalysisOutcome): Promise<void> {
    const module = outcome.status === 'ready' ? outcome.module : undefined;
    await this.partRepository.delete({ versionId });
    await this.repository.upsert(
      {
        versionId,
        status: outcome.status,
        analyzer: ANALYZER_VERSION,
        problems: outcome.status === 'ready' ? [...outcome.module.problems] : [outcome.problem],
        licence: module?.licence ?? null,
        changelogHtml: module?.changelogHtml ?? '',
        comparison: null,
        files: [...(module?.files ?? [])],
        requestedAt: null,
        analyzedAt: () => 'now()',
      },
      ['versionId'],
    );
    for (const { part, readmeHtml } of module?.parts ?? []) {
      const { path, kind } = part;
      await this.manager.query(
        `INSERT INTO module_documentation_parts (version_id, path, kind, readme_html, content)
         VALUES ($1, $2, $3, $4, $5)`,
        [versionId, path, kind, readmeHtml, JSON.stringify(part)],
      );
    }
  }

  /** Keeps the comparison of a version with the one before it. */
  async storeComparison(versionId: string, comparison: VersionComparison | null): Promise<void> {
    await this.repository.update({ versionId }, { comparison });
  }

  /** A version that is not deleted, with the address of its module. */
  async findVersion(versionId: string): Promise<AnalyzedVersion | null> {
    const row = await this.versions()
      .andWhere('version.id = :versionId', { versionId })
      .getRawOne<AnalyzedVersion>();
    return row ?? null;
  }

  /** The highest active version below, or the lowest one above, a sort key. */
  async neighbor(
    moduleId: string,
    sortKey: string,
    side: 'below' | 'above',
  ): Promise<AnalyzedVersion | null> {
    const isBelow = side === 'below';
    const row = await this.versions()
      .andWhere(`version.module_id = :moduleId AND version.state = 'active'`, { moduleId })
      .andWhere(`version.sort_key ${isBelow ? '<' : '>'} :sortKey`, { sortKey })
      .orderBy('version.sort_key', isBelow ? 'DESC' : 'ASC')
      .limit(1)
      .getRawOne<AnalyzedVersion>();
    return row ?? null;
  }

  private versions() {
    return this.manager
      .createQueryBuilder(ModuleVersionEntity, 'version')
      .innerJoin(RegistryModuleEntity, 'module', 'module.id = version.module_id')
      .select('version.id', 'id')
      .addSelect('version.module_id', 'moduleId')
      .addSelect('module.namespace', 'namespace')
      .addSelect('module.name', 'name')
      .addSelect('module.system', 'system')
      .addSelect('version.version', 'version')
      .addSelect('version.sort_key', 'sortKey')
      .addSelect('version.digest', 'digest')
      .addSelect('version.top_folder', 'topFolder')
      .where('version.artifact_id IS NOT NULL');
  }

  private partsOf(versionId: string) {
    return this.partRepository
      .createQueryBuilder('part')
      .where({ versionId })
      .orderBy(ORDER_OF_KINDS)
      .addOrderBy('part.path');
  }

  private get partRepository() {
    return this.manager.getRepository(ModuleDocumentationPartEntity);
  }
}

function rendered({ content, readmeHtml }: ModuleDocumentationPartEntity): RenderedPart {
  return { part: content, readmeHtml };
}
