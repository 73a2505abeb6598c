import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Metrics } from '../../../src/platform/metrics/metrics.js';
import { environmentWithDatabase } from '../../support/app-config.js';
import { RequestRecorder } from '../../../src/audit/request-recorder.service.js';
import { TestApp } from '../../support/test-app.js';
import { Canaries, findIn, type Needle } from './canaries/canaries.js';
import {
  foundInFiles,
  KINDS,
  type Place,
  type PlaceKind,
  printedSettings,
  rowsOf,
  tellingsOf,
} from './canaries/places.js';
import { ProperUse } from './canaries/proper-use.js';
import { RecordingClient } from './canaries/recording-client.js';
import { Surroundings } from './canaries/surroundings.js';
import { misplaced } from './canaries/wrong-places.js';

const AT_ONCE = 8;

/** A replication slot for which the write-ahead log is kept. */
const KEEPS_LOG = `canaries_${process.pid}`;

describe('no secret is found where it does not belong (A1, A7, J4, J6, T14)', () => {
  const canaries = new Canaries();
  let around: Surroundings;
  let app: TestApp;
  let client: RecordingClient;
  let use: ProperUse;
  let directory: string;
  let walStart: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'canaries-'));
    around = await Surroundings.start(canaries);
    app = await TestApp.start(around.settings);
    client = new RecordingClient(app);
    use = new ProperUse(app, client, canaries, around);
    // What others write meanwhile would push it out.
    await app.query('SELECT pg_create_physical_replication_slot($1, true)', [KEEPS_LOG]);
    const [wal] = await app.query<{ at: string }>('SELECT pg_current_wal_lsn() AS at');
    walStart = wal!.at;
  }, 60_000);
  afterAll(async () => {
    await app?.query('SELECT pg_drop_replication_slot($1)', [KEEPS_LOG]);
    await app?.stop();
    await around?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** Jobs that send mail, for example. */
  async function waitingJobs(): Promise<number> {
    const [row] = await app.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM graphile_worker.jobs WHERE key IS NULL OR key NOT LIKE 'tick:%'`,
    );
    return row!.count;
  }

  /** Everything that can be read as text. */
  async function placesNow(more: Record<string, string> = {}): Promise<Place[]> {
    await app.get(RequestRecorder).flush();
    await expect.poll(waitingJobs, { timeout: 20_000 }).toBe(0);
    await use.shipRecords();
    const exported = await app.request('/api/v1/admin/audit-logs/export', { key: use.key });
    return [
      ...(await rowsOf(app)),
      ...(await tellingsOf(app)),
      ...client.answers,
      ...around.places,
      { kind: 'audit export', name: 'export', text: exported.body.toString('latin1') },
      printedSettings({ ...environmentWithDatabase('postgres://localhost/x'), ...around.settings, ...more }),
    ];
  }

  /** The name of a place as it can be shown. */
  function withoutSecrets(name: string): string {
    return canaries.values.reduce(
      (text, { value }) => text.replaceAll(encodeURIComponent(value), '…').replaceAll(value, '…'),
      name,
    );
  }

  /** Which secrets stand where, by kind of place. */
  async function search(places: readonly Place[], needles: readonly Needle[]): Promise<Hit[]> {
    const hits = places.flatMap(({ kind, name, text, mayHold }) =>
      findIn(text, needles)
        .filter(({ secret }) => mayHold?.includes(secret) !== true)
        .map(({ secret, form }) => ({ kind, where: withoutSecrets(name), secret: `${secret} (${form})` })),
    );
    const patternFile = join(directory, 'patterns');
    const lines = needles.filter(({ text }) => !/[\n\0]/.test(text));
    await writeFile(patternFile, lines.map(({ text }) => `${text}\n`).join(''), 'latin1');
    const files = await foundInFiles(app, walStart, patternFile, lines);
    const inFiles = files.flatMap(({ kind, name, needles: found }) =>
      found.map(({ secret, form }) => ({ kind, where: name, secret: `${secret} (${form})` })),
    );
    return [...hits, ...inFiles];
  }

  it('though every one of them was used, rightly and wrongly', { timeout: 120_000 }, async () => {
    await use.run();
    const wrong = canaries.newest.flatMap((value) => misplaced(value, use.key));
    for (let at = 0; at < wrong.length; at += AT_ONCE) {
      await Promise.all(
        wrong.slice(at, at + AT_ONCE).map(({ path, ...request }) => client.send(path, request)),
      );
    }
    const places = await placesNow();
    const hits = await search(places, canaries.needles);
    const counts = KINDS.map(
      (kind) => `${kind} ${places.filter((place) => place.kind === kind).length || '(grep)'}`,
    );
    console.log(
      `canaries: ${canaries.classes.size} classes, ${canaries.values.length} secrets in ${canaries.needles.length} forms, ` +
        `${client.answers.length} requests; places: ${counts.join(', ')}; ${hits.length} hits`,
    );
    expect(grouped(hits)).toEqual([]);
    expect(canaries.classes.size).toBeGreaterThanOrEqual(25);
  });

  it('and the search finds what is planted in every kind of place', async () => {
    const planted = new Canaries();
    const text = planted.invent('planted');
    await plantEverywhere(text);
    const hits = await search(await placesNow({ TFR_AUTH_OIDC_DISPLAY_NAME: text }), planted.needles);
    expect([...new Set(hits.map(({ kind }) => kind))].sort()).toEqual([...KINDS].sort());
  });

  it('and in every form', async () => {
    const planted = new Canaries();
    const ways = Object.entries(WAYS_TO_STORE);
    await app.query('CREATE TABLE planted (bytes bytea, text text, json jsonb, list text[])');
    for (const [name, values] of ways) {
      const secret = planted.plant(name, randomBytes(32).toString('base64url'));
      await app.query('INSERT INTO planted VALUES ($1, $2, $3, $4)', values(secret));
    }
    const needles = planted.needles;
    const found = (await rowsOf(app)).flatMap(({ text }) => findIn(text, needles));
    await app.query('DROP TABLE planted');
    expect([...new Set(found.map(({ secret }) => secret))].sort()).toEqual(ways.map(([name]) => name).sort());
  });

  /** One leak of each kind, as the application itself would make it. */
  async function plantEverywhere(text: string): Promise<void> {
    const [main] = await app.query<{ id: string }>('SELECT id FROM organizations WHERE is_default');
    const key = { name: text, scopes: ['modules:read'], expires_at: soon() };
    await client.expect(200, `/api/v1/organizations/${main!.id}`, {
      method: 'PUT',
      json: { display_name: text },
      key: use.key,
    });
    await client.expect(201, '/api/v1/apikeys', { method: 'POST', json: key, key: use.key });
    await use.sendMails();
    new Logger('Planted').log(`It is ${text}`);
    app.get(Metrics).countRequest('GET', `/${text}`, 200, 1);
    await writeFile(join(app.config.storage.localBasePath, 'planted'), text);
  }
});

/** How a secret could get into a row. */
const WAYS_TO_STORE: Readonly<Record<string, (secret: string) => unknown[]>> = {
  'a text': (secret) => [null, `the secret is ${secret}.`, null, null],
  'a field of JSON': (secret) => [null, null, { deep: [{ headers: { authorization: secret } }] }, null],
  'an entry of a list': (secret) => [null, null, null, ['first', secret]],
  'the bytes of the text': (secret) => [Buffer.from(`x${secret}`), null, null, null],
  'the bytes that it encodes': (secret) => [Buffer.from(secret, 'base64url'), null, null, null],
  'base64 of it': (secret) => [null, Buffer.from(`user:${secret}`).toString('base64'), null, null],
  'hex of it': (secret) => [null, Buffer.from(secret).toString('hex'), null, null],
  'a part of it': (secret) => [null, `${secret.slice(0, 20)}…`, null, null],
};

function soon(): string {
  return new Date(Date.now() + 1_800_000).toISOString();
}

interface Hit {
  readonly kind: PlaceKind;
  readonly where: string;
  readonly secret: string;
}

/** One line for each place. */
function grouped(hits: readonly Hit[]): string[] {
  const places = Map.groupBy(hits, ({ kind, where }) => `${kind}: ${where}`);
  return [...places].map(([place, all]) => {
    const secrets = [...new Set(all.map(({ secret }) => secret))];
    return `${place} holds ${secrets.slice(0, 3).join(', ')} and ${Math.max(0, secrets.length - 3)} more`;
  });
}
