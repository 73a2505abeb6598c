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

/** A row with its table. */
interface Row {
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
}

/** Rows by the version of each, which is another one after every change of the row. */
type Rows = ReadonlyMap<string, Row>;

interface KnownTable {
  readonly state: string;
  /** All transactions with a lower id were over when the table was read. */
  readonly horizon: string;
  readonly rows: Rows;
}

const VERSION = `t.tableoid::text || t.ctid::text || t.xmin::text`;

/** Looks at all rows of the database, and tells what a request changed. */
export class RowChanges {
  /** The tables as they were last read; the same state means the same rows. */
  private readonly tables = new Map<string, KnownTable>();
  private statement: string | undefined;

  constructor(
    private readonly app: TestApp,
    /** Ids that mean something; every other one is as good as another. */
    private readonly names: Readonly<Record<string, string>>,
  ) {}

  /** What was added and removed since the last call, without what is different in every request. */
  async since(): Promise<string[]> {
    const changes = await this.readChanged();
    const added = changes.flatMap(({ before, after }) => this.linesOnlyIn(after, before));
    const removed = changes.flatMap(({ before, after }) => this.linesOnlyIn(before, after));
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
    await this.readChanged();
    const rows = [...this.tables.values()].flatMap((known) => [...known.rows.values()]);
    return rows
      .filter(isOfRequest)
      .map(({ table, row }) => `${table} ${JSON.stringify(row)}`)
      .filter((text) =>
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

  private linesOnlyIn(rows: Rows, others: Rows): string[] {
    const only = [...rows].filter(([version]) => !others.has(version)).map(([, row]) => row);
    return only.filter(isOfRequest).map((row) => this.lineOf(row));
  }

  private lineOf({ table, row }: Row): string {
    const kept = Object.entries(row).filter(([name]) => !RANDOM_COLUMNS.test(name) && !/^id$/.test(name));
    return this.plain(`${table} ${JSON.stringify(Object.fromEntries(kept))}`);
  }

  /** Reads the tables that are not as they were the last time. */
  private async readChanged(): Promise<{ before: Rows; after: Rows }[]> {
    this.statement ??= await this.statementForStates();
    const states = await this.app.query<{ table: string; state: string; horizon: string }>(this.statement);
    const changes: { before: Rows; after: Rows }[] = [];
    for (const { table, state, horizon } of states) {
      const known = this.tables.get(table);
      if (known?.state === state) continue;
      const before: Rows = known?.rows ?? new Map<string, Row>();
      const after = await this.rowsOf(table, before, known?.horizon ?? '0');
      this.tables.set(table, { state, horizon, rows: after });
      changes.push({ before, after });
    }
    return changes;
  }

  /** The rows of a table, of which only those that came after `horizon`, a transaction id, may be unknown. */
  private async rowsOf(table: string, known: Rows, horizon: string): Promise<Rows> {
    const [found] = await this.app.query<{ versions: string[]; recent: Record<string, Row['row']> }>(
      `SELECT coalesce(jsonb_agg(${VERSION}), '[]') AS versions,
              coalesce(jsonb_object_agg(${VERSION}, to_jsonb(t)) FILTER (WHERE xmin::text::xid8 >= $1::xid8), '{}')
                AS recent
       FROM "${table}" t`,
      [horizon],
    );
    const { versions, recent } = found!;
    return new Map(
      versions.map((version) => [version, known.get(version) ?? { table, row: recent[version]! }]),
    );
  }

  private async statementForStates(): Promise<string> {
    const tables = await this.app.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL ($1)
         AND tablename NOT IN (SELECT relname FROM pg_class WHERE relispartition) ORDER BY 1`,
      [RANDOM_TABLES],
    );
    const parts = tables.map(
      ({ name }) =>
        `SELECT '${name}' AS table, count(*) || ' ' || coalesce(bit_xor(hashtextextended(${VERSION}, 0)), 0) AS state,
                pg_snapshot_xmin(pg_current_snapshot())::text AS horizon
         FROM "${name}" t`,
    );
    return parts.join(' UNION ALL ');
  }
}

/** What a job records is not what the request did. */
function isOfRequest({ table, row }: Row): boolean {
  return table !== 'audit_entries' || row['actor_kind'] !== 'job';
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
