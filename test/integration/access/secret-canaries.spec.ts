import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppLogger } from '../../../src/platform/logging/logger.js';
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
    const [wal] = await app.query<{ at: string }>('SELECT pg_current_wal_lsn() AS at');
    walStart = wal!.at;
  }, 60_000);
  afterAll(async () => {
    await app?.stop();
    await around?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** Everything that can be read as text. */
  async function placesNow(): Promise<Place[]> {
    await app.get(RequestRecorder).flush();
    await use.shipRecords();
    const exported = await app.request('/api/v1/admin/audit-logs/export', { key: use.key });
    return [
      ...(await rowsOf(app)),
      ...(await tellingsOf(app)),
      ...client.answers,
      ...around.places,
      { kind: 'audit export', name: 'export', text: exported.body.toString('latin1') },
      printedSettings({ ...environmentWithDatabase('postgres://localhost/x'), ...around.settings }),
    ];
  }

  /** Which secrets stand where, by kind of place. */
  async function search(places: readonly Place[], needles: readonly Needle[]): Promise<Hit[]> {
    const hits = places.flatMap(({ kind, name, text, mayHold }) =>
      findIn(text, needles)
        .filter(({ secret }) => mayHold?.includes(secret) !== true)
        .map(({ secret, form }) => ({ kind, hit: `${secret} (${form}) in ${kind}: ${name}` })),
    );
    const patternFile = join(directory, 'patterns');
    const lines = needles.filter(({ text }) => !/[\n\0]/.test(text));
    await writeFile(patternFile, lines.map(({ text }) => `${text}\n`).join(''), 'latin1');
    const files = await foundInFiles(app, walStart, patternFile, lines);
    const inFiles = files.flatMap(({ kind, name, needles: found }) =>
      found.map(({ secret, form }) => ({ kind, hit: `${secret} (${form}) in ${kind}: ${name}` })),
    );
    return [...hits, ...inFiles];
  }

  it('though every one of them was used, rightly and wrongly', { timeout: 120_000 }, async () => {
    await use.run();
    const wrong = canaries.values.flatMap(({ value }) => misplaced(value, use.key));
    for (let at = 0; at < wrong.length; at += AT_ONCE) {
      await Promise.all(wrong.slice(at, at + AT_ONCE).map(({ path, ...request }) => client.send(path, request)));
    }
    const places = await placesNow();
    const hits = await search(places, canaries.needles);
    const counts = KINDS.map((kind) => `${kind} ${places.filter((place) => place.kind === kind).length}`);
    console.log(
      `canaries: ${canaries.classes.size} classes, ${canaries.values.length} secrets in ${canaries.needles.length} forms, ` +
        `${client.answers.length} requests; places: ${counts.join(', ')}; ${hits.length} hits`,
    );
    expect([...new Set(hits.map(({ hit }) => hit))]).toEqual([]);
    expect(canaries.classes.size).toBeGreaterThanOrEqual(25);
  });

  it('and the search finds what is planted, in every kind of place and form', async () => {
    const planted = new Canaries();
    const text = planted.plant('planted', `planted${randomBytes(24).toString('hex')}`);
    await plantEverywhere(text);
    const hits = await search(await placesNow(), planted.needles);
    expect([...new Set(hits.map(({ kind }) => kind))].sort()).toEqual([...KINDS].sort());
  });

  async function plantEverywhere(text: string): Promise<void> {}
});

interface Hit {
  readonly kind: PlaceKind;
  readonly hit: string;
}
