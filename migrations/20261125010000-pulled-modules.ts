import type { MigrationInterface, QueryRunner } from 'typeorm';
import { runStatements } from './run-statements.js';

/** Namespaces whose modules are fetched from an upstream registry when somebody asks for them. */
export class PulledModules20261125010000 implements MigrationInterface {
  readonly name = 'PulledModules20261125010000';

  async up(runner: QueryRunner): Promise<void> {
    await runStatements(runner, UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runStatements(runner, DOWN);
  }
}

const UP: readonly string[] = [
  `ALTER TABLE mirrors ADD COLUMN module_namespaces text[] NOT NULL DEFAULT '{}'`,
  // Nobody publishes into such a namespace: everything in it comes from this host.
  `ALTER TABLE namespace_claims ADD COLUMN pulled_from text COLLATE "C"`,
  `CREATE TABLE pulled_module_versions (
    mirror_id uuid NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    system text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    pulled_at timestamptz,
    CONSTRAINT pk_pulled_module_version PRIMARY KEY (mirror_id, namespace, name, system, version),
    CONSTRAINT fk_pulled_module_version_mirror FOREIGN KEY (mirror_id) REFERENCES mirrors (id) ON DELETE CASCADE
  )`,
];

const DOWN: readonly string[] = [
  `DROP TABLE pulled_module_versions`,
  `ALTER TABLE namespace_claims DROP COLUMN pulled_from`,
  `ALTER TABLE mirrors DROP COLUMN module_namespaces`,
];
