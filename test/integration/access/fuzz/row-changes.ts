import type { TestApp } from '../../../support/test-app.js';

/** Values of extra fields that nothing may take over; each is found again in a row. */
export const EXTRA = {
  text: 'extra-canary',
  time: '1999-01-01T00:00:00.000Z',
  id: 'eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee',
  number: 424_242_424_242_424,
} as const;

/** Names that no column has and somebody would try. */
const TEMPTING = [
  ...['is_admin', 'isAdmin', 'is_platform_admin', 'admin', 'role', 'roles', 'groups', 'permissions', 'owner'],
  ...['scope', 'verified', 'email_verified', 'must_change_password', 'password', 'tenant_id', '_id', '__v'],
];

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const TIME = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::\d\d)?)?/g;
/** Digests, prefixes of keys, times and places in a chain differ between any two requests. */
const RANDOM_COLUMNS =
  /^key_id$|^head$|^last_sync_|armor|hash|digest|salt|secret|prefix|token|sequence|_seq$|_at$|size|sha256|duration/;
const RANDOM_TABLES = [
  'audit_chains',
  'job_heartbeats',
  'download_counts',
  'generations',
  'rate_limit_buckets',
  // How far a job is, whatever the requests were.
  'storage_scrubs',
  'mirror_syncs',
  'module_documentation',
  'module_documentation_parts',
];

/** A row with its table, and the text under which it is compared. */
interface Row {
  readonly table: string;
  readonly row: Record<string, unknown>;
}

/** Looks at all rows of the database, and tells what a request changed. */
export class RowChanges {
  private last: Map<string, Row> | undefined;
  private statement: string | undefined;

  constructor(
    private readonly app: TestApp,
    /** Ids that mean something; every other one is as good as another. */
    private readonly names: Readonly<Record<string, string>>,
  ) {}

  /** What was added and removed since the last call, without what is different in every request. */
  async since(): Promise<string[]> {
    const before = this.last ?? new Map<string, Row>();
    const after = await this.rows();
    this.last = after;
    const added = [...after].filter(([key]) => !before.has(key)).map(([, row]) => this.lineOf(row));
    const removed = [...before].filter(([key]) => !after.has(key)).map(([, row]) => this.lineOf(row));
    // What is done in the background changes nothing but times.
    for (const line of [...removed]) {
      const at = added.indexOf(line);
      if (at === -1) continue;
      added.splice(at, 1);
      removed.splice(removed.indexOf(line), 1);
    }
    return [...added.map((line) => `+ ${line}`), ...removed.map((line) => `- ${line}`)].sort();
  }

  /** Rows that hold a value of {@link EXTRA}. */
  async taken(): Promise<string[]> {
    const rows = [...(await this.rows()).keys()];
    return rows.filter((text) =>
      [EXTRA.text, EXTRA.id, '1999-01-01', String(EXTRA.number)].some((one) => text.includes(one)),
    );
  }

  /** Text without ids, times and digests that are different in every request. */
  plain(text: string): string {
    return (
      text
        .replaceAll(/tfrs?_[\w-]+/g, '<key>')
        .replaceAll(/value="[\w-]{43}"/g, '<csrf>')
        .replaceAll(/h1:[\w+/]{43}=/g, '<h1>')
        .replaceAll(/"(key_id|ascii_armor|temporary_password)":"[^"]*"/g, '"$1":"<random>"')
        .replaceAll(UUID, (id) => this.names[id.toLowerCase()] ?? '<id>')
        .replaceAll(TIME, (time) => (time.startsWith('1999') ? time : '<time>'))
        .replaceAll(/sha256\/..\/../g, '<folder>')
        .replaceAll(/[0-9a-f]{12,}/gi, '<hex>')
        .replaceAll(/(repository_id\W+)\d+/g, '$1<number>')
        .replaceAll(/-\d+/g, '-<number>')
        // Words of names in the rows of searches.
        .replaceAll(/'\d+'/g, `'<number>'`)
        .replaceAll(/("word":")\d+"/g, '$1<number>"')
    );
  }

  private lineOf({ table, row }: Row): string {
    const kept = Object.entries(row).filter(([name]) => !RANDOM_COLUMNS.test(name) && !/^id$/.test(name));
    return this.plain(`${table} ${JSON.stringify(Object.fromEntries(kept))}`);
  }

  private async rows(): Promise<Map<string, Row>> {
    this.statement ??= await this.statementForAll();
    const all = await this.app.query<Row>(this.statement);
    // What a job records is not what the request did.
    const rows = all.filter(({ table, row }) => table !== 'audit_entries' || row['actor_kind'] !== 'job');
    return new Map(rows.map((row) => [`${row.table} ${JSON.stringify(row.row)}`, row]));
  }

  private async statementForAll(): Promise<string> {
    const tables = await this.app.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL ($1) ORDER BY 1`,
      [RANDOM_TABLES],
    );
    const parts = tables.map(({ name }) => `SELECT '${name}' AS table, to_jsonb(t) AS row FROM "${name}" t`);
    return parts.join(' UNION ALL ');
  }
}

/** Every column of every table as an extra field, in both spellings, with a value of its type. */
export async function extraFields(
  app: TestApp,
  ids: Readonly<{ organizationId: string; userId: string }>,
  isOn: boolean,
): Promise<Record<string, unknown>> {
  const columns = await app.query<{ name: string; type: string }>(
    `SELECT DISTINCT column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_schema = 'public' ORDER BY 1, 2`,
  );
  const valueOf = (name: string, type: string): unknown => {
    if (name.endsWith('organization_id')) return ids.organizationId;
    if (/user_id$|created_by$/.test(name)) return ids.userId;
    if (type === 'boolean') return isOn;
    if (type === 'uuid') return EXTRA.id;
    if (type.startsWith('timestamp')) return EXTRA.time;
    if (/int|numeric|double/.test(type)) return EXTRA.number;
    if (type === 'ARRAY') return [EXTRA.text];
    return type.startsWith('json') ? { [EXTRA.text]: EXTRA.text } : EXTRA.text;
  };
  const fields: Record<string, unknown> = Object.fromEntries(TEMPTING.map((name) => [name, isOn || 'owner']));
  for (const { name, type } of columns) {
    fields[name] = fields[camelCase(name)] = valueOf(name, type);
  }
  return fields;
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
