import { Injectable } from '@nestjs/common';
import { DataSource, In, IsNull, Not } from 'typeorm';
import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import type { VersionStanding } from '../../kernel/terraform/version-life.js';
import { UNTOUCHED } from '../../kernel/terraform/version-standing.js';
import { STAYS_QUARANTINED } from '../../platform/database/version-life.columns.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { ModuleVersion, ModuleVersionSummary } from '../domain/module-version.js';
import type { RegistryModule } from '../domain/registry-module.js';
import { ModuleDocumentationEntity } from './module-documentation.entity.js';
import { ModuleVersionEntity } from './module-version.entity.js';
import { RegistryModuleEntity } from './registry-module.entity.js';

/** What is written when a version is published or brought back. */
export type ModuleVersionInsert = Omit<
  ModuleVersion,
  | 'id'
  | keyof VersionStanding
  | 'publishedAt'
  | 'deprecatedAt'
  | 'deprecationMessage'
  | 'replacement'
  | 'createdAt'
>;

/** What decides whether a version is offered, and whether it may be downloaded. */
export type KnownVersion = Pick<ModuleVersion, 'version' | 'state' | 'withdrawMode'>;

/** Modules and their versions. Joins the ambient transaction. */
@Injectable()
export class ModulesRepository extends BaseRepository<RegistryModuleEntity> {
  constructor(dataSource: DataSource) {
    super(RegistryModuleEntity, dataSource);
  }

  /** The module of exactly this address, unless it is deleted. */
  findByAddress(
    { namespace, name, system }: ModuleAddress,
    { withDeleted = false }: { readonly withDeleted?: boolean } = {},
  ): Promise<RegistryModule | null> {
    const where = { namespace, name, system };
    return this.repository.findOneBy(withDeleted ? where : { ...where, deletedAt: IsNull() });
  }

  /**
   * The module row of this address in any spelling, deleted or not, locked until the transaction ends;
   * made from `defaults` when there is none.
   */
  async lockOrCreate(
    address: ModuleAddress,
    defaults: Pick<
      RegistryModule,
      'organizationId' | 'description' | 'source' | 'createdBy' | 'createdByName'
    >,
  ): Promise<RegistryModule & { isNew: boolean }> {
    const { namespace, name, system } = address;
    const inserted = await this.manager
      .createQueryBuilder()
      .insert()
      .into(RegistryModuleEntity)
      .values({ namespace, name, system, ...defaults })
      .orIgnore()
      .returning('id')
      .execute();
    const row = await this.repository
      .createQueryBuilder('module')
      .setLock('pessimistic_write')
      .where('lower(module.namespace) = lower(:namespace) AND lower(module.name) = lower(:name)', {
        namespace,
        name,
      })
      .andWhere('module.system = :system', { system })
      .getOneOrFail();
    return Object.assign(row, { isNew: inserted.raw.length > 0 });
  }

  /** The module of exactly this address, deleted or not, locked until the transaction ends. */
  lockByAddress({ namespace, name, system }: ModuleAddress): Promise<RegistryModule | null> {
    return this.repository.findOne({
      where: { namespace, name, system },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** Locks the module row, so that changes of one module happen one after the other. */
  async lock(moduleId: string): Promise<void> {
    await this.repository.findOne({
      where: { id: moduleId },
      select: { id: true },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** Changes what people say about a module, or marks it deleted or present again. */
  async update(
    moduleId: string,
    change: Partial<Pick<RegistryModule, 'description' | 'source' | 'deletedAt'>>,
  ): Promise<void> {
    await this.repository.update({ id: moduleId }, change);
  }

  /** The version of a module, tombstones included. */
  findVersion(moduleId: string, version: string): Promise<ModuleVersion | null> {
    return this.versions.findOneBy({ moduleId, version });
  }

  /** Every version that is, or ever was, here, also of a deleted module; the address in any case. */
  knownVersions({ namespace, name, system }: ModuleAddress): Promise<KnownVersion[]> {
    return this.manager.query<KnownVersion[]>(
      `SELECT v.version, v.state, v.withdraw_mode AS "withdrawMode"
       FROM module_versions v JOIN registry_modules m ON m.id = v.module_id
       WHERE lower(m.namespace) = lower($1) AND lower(m.name) = lower($2) AND m.system = $3`,
      [namespace, name, system],
    );
  }

  /** Every version that is not deleted, newest first by precedence, with READMEs. */
  listVersions(moduleId: string): Promise<ModuleVersion[]> {
    return this.versions.find({ where: { moduleId, state: Not('deleted') }, order: { sortKey: 'DESC' } });
  }

  /** Every version that is not deleted, newest first by precedence, without READMEs. */
  listVersionSummaries(moduleId: string): Promise<ModuleVersionSummary[]> {
    return this.versions
      .createQueryBuilder('version')
      .select(SUMMARY_COLUMNS.map((column) => `version.${column}`))
      .where({ moduleId, state: Not('deleted') })
      .orderBy('version.sortKey', 'DESC')
      .getMany();
  }

  /** Systems for which there is a module of this name with an active version. */
  async listSystems({ namespace, name }: ModuleAddress): Promise<string[]> {
    const rows = await this.manager.query<{ system: string }[]>(
      `SELECT m.system FROM registry_modules m
       WHERE m.namespace = $1 AND m.name = $2 AND m.deleted_at IS NULL
         AND EXISTS (SELECT 1 FROM module_versions v WHERE v.module_id = m.id AND v.state = 'active')
       ORDER BY m.system`,
      [namespace, name],
    );
    return rows.map(({ system }) => system);
  }

  /** Stores a new version and returns its id. The unique constraint is the last judge of a race. */
  async addVersion(version: ModuleVersionInsert): Promise<ModuleVersion> {
    const entity = this.versions.create({ ...version, ...UNTOUCHED });
    await this.versions.insert(entity);
    return this.versions.findOneByOrFail({ id: entity.id });
  }

  /** Brings a tombstone back to life with the given content. */
  async reviveVersion(id: string, version: ModuleVersionInsert): Promise<ModuleVersion> {
    await this.versions.update(
      { id },
      {
        ...version,
        ...UNTOUCHED,
        deletedAt: null,
        deletedByName: null,
        publishedAt: () => 'now()',
        deprecatedAt: null,
        deprecationMessage: null,
        replacement: null,
      },
    );
    return this.versions.findOneByOrFail({ id });
  }

  /** Sets or clears the deprecation mark. */
  async markDeprecated(
    id: string,
    mark: Pick<ModuleVersion, 'deprecatedAt' | 'deprecationMessage' | 'replacement'>,
  ): Promise<void> {
    await this.versions.update({ id }, mark);
  }

  /** Changes where a version is in its life. */
  async changeStanding(id: string, standing: VersionStanding): Promise<void> {
    await this.versions.update({ id }, standing);
  }

  /** Turns versions into tombstones: number, digest and quarantine stay, archive and documentation go. */
  async buryVersions(ids: readonly string[], at: Date, byName: string | null): Promise<void> {
    if (ids.length === 0) return;
    await this.versions.update(
      { id: In([...ids]) },
      {
        state: 'deleted',
        artifactId: null,
        readme: null,
        quarantinedAt: () => STAYS_QUARANTINED,
        deletedAt: at,
        deletedByName: byName,
      },
    );
    await this.manager.delete(ModuleDocumentationEntity, { versionId: In([...ids]) });
  }

  /** Every version with one of these digests, whoever owns it, tombstones included. */
  withDigests(digests: readonly string[]): Promise<ModuleVersionSummary[]> {
    return this.versions
      .createQueryBuilder('version')
      .select(SUMMARY_COLUMNS.map((column) => `version.${column}`))
      .where('version.digest = ANY(:digests)', { digests })
      .getMany();
  }

  /** Whether an organization owns a module that is not deleted. */
  isOwner(organizationId: string): Promise<boolean> {
    return this.repository.existsBy({ organizationId, deletedAt: IsNull() });
  }

  /** Whether a module, deleted or not, stands in the namespace, which is given in its folded form. */
  isNamespaceUsed(folded: string): Promise<boolean> {
    return this.repository
      .createQueryBuilder('module')
      .where(`lower(replace(module.namespace, '_', '-')) = :folded`, { folded })
      .getExists();
  }

  /** Gives every module of the namespace, deleted or not, to an organization. */
  async moveNamespace(folded: string, organizationId: string): Promise<void> {
    await this.repository
      .createQueryBuilder()
      .update()
      .set({ organizationId })
      .where(`lower(replace(namespace, '_', '-')) = :folded`, { folded })
      .execute();
  }

  /** Namespaces of the visible modules whose archive is this artifact. */
  async namespacesOfArtifact(artifactId: string): Promise<string[]> {
    const rows = await this.versions
      .createQueryBuilder('version')
      .innerJoin(RegistryModuleEntity, 'module', 'module.id = version.module_id')
      .select('DISTINCT module.namespace', 'namespace')
      .where('version.artifact_id = :artifactId', { artifactId })
      .getRawMany<{ namespace: string }>();
    return rows.map((row) => row.namespace);
  }

  private get versions() {
    return this.manager.getRepository(ModuleVersionEntity);
  }
}

const SUMMARY_COLUMNS: (keyof ModuleVersionSummary)[] = [
  'id',
  'moduleId',
  'version',
  'sortKey',
  'state',
  'stateReason',
  'withdrawMode',
  'withdrawReason',
  'quarantinedAt',
  'artifactId',
  'digest',
  'sizeBytes',
  'filename',
  'topFolder',
  'publishedBy',
  'publishedByName',
  'publishedFrom',
  'publishedAt',
  'deprecatedAt',
  'deprecationMessage',
  'replacement',
  'createdAt',
];
