import type { DataSource } from 'typeorm';

/** Tables, columns, constraints and indexes of our schema as text, for comparing one state with another. */
export async function schemaSnapshot(dataSource: DataSource): Promise<string[]> {
  const rows = (await dataSource.query(`
    SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
           || coalesce(column_default, '') AS line
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
        AND conrelid <> 'schema_migrations'::regclass
    UNION ALL
    SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
    ORDER BY line`)) as { line: string }[];
  return rows.map(({ line }) => line).filter((line) => !line.includes('schema_migrations'));
}
