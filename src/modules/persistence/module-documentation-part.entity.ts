import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ModulePart } from '../domain/module-analysis.js';

/** Table `module_documentation_parts`: the root module, submodules and examples of a version. */
@Entity('module_documentation_parts')
export class ModuleDocumentationPartEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_module_documentation_part' })
  versionId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_module_documentation_part' })
  path: string;

  @Column('text')
  kind: ModulePart['kind'];

  @Column('text')
  readmeHtml: string;

  @Column('jsonb')
  content: ModulePart;
}
