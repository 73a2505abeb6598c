import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type {
  DocumentationOverview,
  DocumentationPage,
  ListedPage,
  PageAddress,
} from '../domain/provider-documentation.js';
import { ProviderDocumentationPageEntity } from './provider-documentation-page.entity.js';
import { ProviderDocumentationEntity } from './provider-documentation.entity.js';

/** A version and the documentation archive that it has, if any. */
export interface DocumentedVersion {
  readonly versionId: string;
  readonly namespace: string;
  readonly type: string;
  readonly version: string;
  readonly docsDigest: string | null;
  /** File name of the stored archive. */
  readonly docsFilename: string | null;
}

/** What was made of an archive. */
export interface MadeDocumentation {
  readonly status: 'ready' | 'failed';
  readonly problems: readonly string[];
  readonly pages: readonly DocumentationPage[];
}

const PAGES_PER_INSERT = 200;

/** Documentation of provider versions and its pages. Joins the ambient transaction. */
@Injectable()
export class ProviderDocumentationRepository extends BaseRepository<ProviderDocumentationEntity> {
  constructor(dataSource: DataSource) {
    super(ProviderDocumentationEntity, dataSource);
  }

  /** What is known about the documentation of a version; `null` when none was sent. Two statements. */
  async overview(versionId: string): Promise<DocumentationOverview | null> {
    const row = await this.repository.findOneBy({ versionId });
    if (!row) return null;
    const pages: ListedPage[] = await this.pages.find({
      where: { versionId },
      select: { kind: true, name: true, title: true, subcategory: true, description: true, path: true },
      order: { position: 'ASC' },
    });
    return { status: row.status, problems: row.problems, pages };
  }

  /** One page. */
  page(versionId: string, { kind, name }: PageAddress): Promise<DocumentationPage | null> {
    return this.pages.findOneBy({ versionId, kind, name });
  }

  /** A version that is not deleted, with its archive. */
  async version(versionId: string): Promise<DocumentedVersion | undefined> {
    const [row] = await this.manager.query<DocumentedVersion[]>(
      `SELECT v.id AS "versionId", p.namespace, p.type, v.version, v.docs_digest AS "docsDigest",
         substring(a.key FROM '[^/]*$') AS "docsFilename"
       FROM provider_versions v
       JOIN registry_providers p ON p.id = v.provider_id
       LEFT JOIN artifacts a ON a.id = v.docs_artifact_id
       WHERE v.id = $1 AND v.state <> 'deleted'`,
      [versionId],
    );
    return row;
  }

  /** Gives a version its archive; `false` when it has one, or is deleted. */
  async attach(versionId: string, docsArtifactId: string, docsDigest: string): Promise<boolean> {
    const [, changed] = await this.manager.query<[unknown[], number]>(
      `UPDATE provider_versions SET docs_artifact_id = $2, docs_digest = $3
       WHERE id = $1 AND docs_digest IS NULL AND state <> 'deleted'`,
      [versionId, docsArtifactId, docsDigest],
    );
    return changed > 0;
  }

  /** Pages of the version are to be made; what was made of another archive before is forgotten. */
  async begin(versionId: string): Promise<void> {
    await this.repository.delete({ versionId });
    await this.repository.insert({ versionId });
  }

  /** There is nothing to make for this version. */
  async forgetRequest(versionId: string): Promise<void> {
    await this.repository.update({ versionId }, { requestedAt: null });
  }

  /** Replaces what was made, unless the version has another archive by now or none. */
  async replace(versionId: string, digest: string, made: MadeDocumentation): Promise<void> {
    const rows = await this.manager.query<unknown[]>(
      `SELECT FROM provider_versions WHERE id = $1 AND docs_digest = $2 FOR UPDATE`,
      [versionId, digest],
    );
    if (rows.length === 0) return;
    await this.pages.delete({ versionId });
    const { status } = made;
    const row = { versionId, status, problems: [...made.problems], requestedAt: null, madeAt: () => 'now()' };
    await this.repository.upsert(row, { conflictPaths: ['versionId'] });
    const pages = made.pages.map((page, position) => ({ ...page, versionId, position }));
    for (let start = 0; start < pages.length; start += PAGES_PER_INSERT) {
      await this.pages.insert(pages.slice(start, start + PAGES_PER_INSERT));
    }
  }

  private get pages() {
    return this.manager.getRepository(ProviderDocumentationPageEntity);
  }
}
