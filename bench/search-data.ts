import type { DataSource } from 'typeorm';

/** Real words are the most frequent ones; the others are made of syllables, so that parts of words occur in many. */
const FREQUENT =
  'aws network module cluster storage azure google database vpc instance security group policy access bucket ' +
  'kubernetes service role key load balancer gateway subnet monitoring alert log queue topic function';
const SYLLABLES =
  'ba be bi bo bu ca ce co cu da de di do du fa fe fi fo ga ge go ha he hi ho ka ke ko la le li lo ma me mi mo na ne no ra';

const MAKE_WORDS = `
  CREATE TEMP TABLE bench_words AS
  SELECT array_agg(word ORDER BY rank) AS words FROM (
    SELECT rank, word FROM unnest($1::text[]) WITH ORDINALITY AS frequent (word, rank)
    UNION ALL
    SELECT 100 + n, ($2::text[])[1 + n % 40] || ($2::text[])[1 + (n / 40) % 40] || ($2::text[])[1 + (n / 1600) % 40] ||
      CASE WHEN n % 3 = 0 THEN ($2::text[])[1 + (n * 7) % 40] ELSE '' END
    FROM generate_series(1, 30000) AS n) AS made`;

/** Ranks of words, names and namespaces are distributed as Zipf says: the second half as often as the first. */
const MAKE_ROWS = `
  DO $body$
  DECLARE
    words text[]; organizations uuid[]; systems text[] := '{aws,azurerm,google,kubernetes,helm,vault,github,random}';
    nr int; head text[]; namespace text; name text; system text; description text; id uuid; made timestamptz;
  BEGIN
    SELECT bench_words.words INTO words FROM bench_words;
    SELECT array_agg(o.id ORDER BY o.name) INTO organizations FROM organizations o WHERE o.name LIKE 'bench-%';
    FOR nr IN 1 .. @ROWS LOOP
      id := gen_random_uuid();
      namespace := 'team-' || floor(exp(random() * ln(@NAMESPACES)))::int;
      system := systems[floor(exp(random() * ln(9)))::int];
      name := words[floor(exp(random() * ln(20000)))::int] || '-' || words[floor(exp(random() * ln(20000)))::int] ||
        CASE WHEN random() < 0.5 THEN '-' || words[floor(exp(random() * ln(20000)))::int] ELSE '' END;
      description := array_to_string(ARRAY(
        SELECT words[floor(exp(random() * ln(30000)))::int] FROM generate_series(1, 9)), ' ');
      made := timestamptz '2020-01-01' + nr * interval '1 minute' * (1000000.0 / @ROWS);
      INSERT INTO search_documents VALUES (
        id, CASE WHEN nr % 20 = 0 THEN 'provider' ELSE 'module' END, organizations[1 + (hashtext(namespace) & 31)],
        CASE WHEN hashtext(namespace) % 10 = 0 THEN 'private' WHEN hashtext(namespace) % 10 = 1 THEN 'public'
          ELSE 'default' END,
        namespace, namespace, name, name, CASE WHEN nr % 20 = 0 THEN NULL ELSE system END, description, NULL, NULL, 'Ada',
        '1.0.0', made, 100, nr % 50 = 0, nr % 7 = 0, ARRAY[system, 'hashicorp/' || system],
        made, made + random() * interval '300 days',
        namespace || '/' || name || '/' || system || ' ' || description,
        array_to_tsvector(ARRAY(SELECT DISTINCT m[1] FROM regexp_matches(
          namespace || ' ' || name || ' ' || system || ' ' || description, '[a-z0-9]+', 'g') AS m)),
        array_to_tsvector(ARRAY(SELECT DISTINCT words[floor(exp(random() * ln(10000)))::int]
          FROM generate_series(1, 70) WHERE true)));
    END LOOP;
  END $body$`;

const INDEXES = `SELECT indexname AS name, replace(indexdef, ' ON ONLY ', ' ON ') AS definition FROM pg_indexes
  WHERE tablename IN ('search_documents', 'search_downloads', 'search_words') AND indexname LIKE 'ix_%'`;

/** Fills the tables of searches with `rows` rows, with fresh statistics. */
export async function fillSearch(dataSource: DataSource, rows: number): Promise<void> {
  const run = dataSource.createQueryRunner();
  try {
    await run.query(`SET statement_timeout = 0`);
    await run.query(`SET maintenance_work_mem = '512MB'`);
    await run.query('TRUNCATE search_documents, search_downloads, search_words');
    const indexes = (await run.query(INDEXES)) as { name: string; definition: string }[];
    for (const { name } of indexes) await run.query(`DROP INDEX ${name}`);
    await run.query(
      `INSERT INTO organizations (name, display_name) SELECT 'bench-' || n, 'Bench' FROM generate_series(1, 32) AS n
       ON CONFLICT DO NOTHING`,
    );
    await run.query('DROP TABLE IF EXISTS bench_words');
    await run.query(MAKE_WORDS, [FREQUENT.split(' '), SYLLABLES.split(' ')]);
    const namespaces = String(Math.max(5, Math.round(rows / 20)));
    await run.query(MAKE_ROWS.replaceAll('@ROWS', String(rows)).replaceAll('@NAMESPACES', namespaces));
    await run.query(
      `INSERT INTO search_downloads SELECT id, floor(exp(random() * 12))::bigint FROM search_documents`,
    );
    await run.query(
      `INSERT INTO search_words SELECT DISTINCT w FROM search_documents, unnest(tsvector_to_array(head)) AS w`,
    );
    for (const { definition } of indexes) await run.query(definition);
    await run.query('VACUUM ANALYZE search_documents');
    await run.query('VACUUM ANALYZE search_downloads');
    await run.query('VACUUM ANALYZE search_words');
  } finally {
    await run.release();
  }
}
