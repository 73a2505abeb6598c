import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** What the analysis of a module version found: its parts, problems and comparison. */
export class ModuleDocumentation20261123010200 implements MigrationInterface {
  readonly name = 'ModuleDocumentation20261123010200';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `CREATE TABLE module_documentation (
    version_id uuid CONSTRAINT pk_module_documentation PRIMARY KEY,
    status text NOT NULL DEFAULT 'pending',
    analyzer integer NOT NULL DEFAULT 0,
    problems jsonb NOT NULL DEFAULT '[]',
    licence text,
    changelog_html text NOT NULL DEFAULT '',
    comparison jsonb,
    files jsonb NOT NULL DEFAULT '[]',
    requested_at timestamptz,
    analyzed_at timestamptz,
    CONSTRAINT fk_module_documentation_version FOREIGN KEY (version_id)
      REFERENCES module_versions (id) ON DELETE CASCADE,
    CONSTRAINT ck_module_documentation_status CHECK (status IN ('pending', 'ready', 'failed')),
    CONSTRAINT ck_module_documentation_time CHECK ((status = 'pending') = (analyzed_at IS NULL))
  )`,
  `CREATE INDEX ix_module_documentation_requested ON module_documentation (requested_at, version_id)
    WHERE requested_at IS NOT NULL`,
  `CREATE TABLE module_documentation_parts (
    version_id uuid NOT NULL,
    path text NOT NULL,
    kind text NOT NULL,
    readme_html text NOT NULL,
    content jsonb NOT NULL,
    CONSTRAINT pk_module_documentation_part PRIMARY KEY (version_id, path),
    CONSTRAINT fk_module_documentation_part FOREIGN KEY (version_id)
      REFERENCES module_documentation (version_id) ON DELETE CASCADE,
    CONSTRAINT ck_module_documentation_part_kind CHECK (kind IN ('root', 'submodule', 'example'))
  )`,
];

const DOWN: readonly string[] = [`DROP TABLE module_documentation_parts`, `DROP TABLE module_documentation`];
