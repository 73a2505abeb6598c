import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MirroredProviders } from '../../../src/providers/mirrored-providers.service.js';
import { PostponedLists } from '../../../src/providers/postponed-lists.service.js';
import { uniqueName } from '../../support/factories/names.js';
import { mirrorPath, mirrorRelease, UPSTREAM_HOST } from '../../support/mirrored-release.js';
import { until } from '../../support/mirror-runs.js';
import { TestApp } from '../../support/test-app.js';

const HOUR = 3_600_000;

let app: TestApp;
let replica: TestApp;
let type: string;

beforeAll(async () => {
  app = await TestApp.start();
  replica = await app.another();
});
afterAll(async () => {
  await replica?.stop();
  await app?.stop();
});

const bring = (version: string, listWithinMs: number) => {
  const wanted = { type, version, listWithinMs };
  return mirrorRelease(app, wanted);
};
const address = () => ({ host: UPSTREAM_HOST, namespace: 'hashicorp', type });
const settle = (at = app) => at.get(PostponedLists).settle(address());

/** What each place shows of the versions. */
async function shown(at = app): Promise<{ index: string[]; list: string[]; found: string | undefined }> {
  const index = await at.request(`${mirrorPath({ type })}/index.json`, { lean: true });
  const list = await at.request(`/v1/providers/hashicorp/${type}/versions`, { lean: true });
  const [row] = await at.query<{ latest: string }>(
    'SELECT latest_version AS latest FROM search_documents WHERE name = $1',
    [type],
  );
  const { versions = {} } = index.status === 200 ? index.json<{ versions: object }>() : {};
  const { versions: listed = [] } =
    list.status === 200 ? list.json<{ versions: { version: string }[] }>() : { versions: [] };
  return {
    index: Object.keys(versions).sort(),
    list: listed.map(({ version }) => version).sort(),
    found: row?.latest,
  };
}
const everywhere = (...versions: string[]) => ({ index: versions, list: versions, found: versions.at(-1) });
/** The processes are told of changes one after the other, and the two lists are asked for one after the other. */
const untilListed = (versions: number) =>
  until(async () => {
    const { index, list } = await shown();
    return (index.length === versions && list.length === versions) || undefined;
  });
const waiting = () =>
  app.query<{ runAt: Date }>(
    `SELECT run_at AS "runAt" FROM graphile_worker.jobs WHERE task_identifier = 'list-provider' AND key LIKE '%/' || $1`,
    [type],
  );

describe('a version that is one of many', () => {
  it('can be had at once, and is listed when its lists are settled, in every process', async () => {
    type = uniqueName('many');
    await bring('1.0.0', 0);
    expect(await shown(replica)).toEqual(everywhere('1.0.0'));
    await bring('1.1.0', HOUR);
    for (const at of [app, replica]) {
      const path = `${mirrorPath({ type })}/1.1.0.json`;
      expect((await at.request(path, { lean: true })).status).toBe(200);
      const download = `/v1/providers/hashicorp/${type}/1.1.0/download/linux/amd64`;
      expect((await at.request(download, { lean: true })).status).toBe(200);
      expect(await shown(at)).toEqual(everywhere('1.0.0'));
    }
    await settle(replica);
    expect(await shown(replica)).toEqual(everywhere('1.0.0', '1.1.0'));
    await untilListed(2);
    expect(await shown(app)).toEqual(everywhere('1.0.0', '1.1.0'));
    expect(await waiting()).toEqual([]);
  });

  it('is listed by a job when nobody settles, as when the process was killed that brought it', async () => {
    type = uniqueName('many');
    await bring('1.0.0', 1);
    await untilListed(1);
    expect(await shown()).toEqual(everywhere('1.0.0'));
    await until(async () => (await waiting()).length === 0 || undefined);
  });

  it('waits no longer because others follow it', async () => {
    type = uniqueName('many');
    await bring('1.0.0', HOUR);
    const before = await waiting();
    await bring('1.1.0', 2 * HOUR);
    expect(before).toHaveLength(1);
    expect(await waiting()).toEqual(before);
    await settle();
    expect(await shown()).toEqual(everywhere('1.0.0', '1.1.0'));
  });

  it('is listed once: settling again changes nothing', async () => {
    type = uniqueName('many');
    await bring('1.0.0', HOUR);
    await settle();
    const generation = () =>
      app.query(`SELECT generation FROM document_generations WHERE subject LIKE 'provider:%/' || $1`, [type]);
    const before = await generation();
    expect(before).toHaveLength(1);
    await settle();
    await replica.get(PostponedLists).settle(address());
    expect(await generation()).toEqual(before);
  });

  it('is listed with whatever else changes the lists', async () => {
    type = uniqueName('many');
    await bring('1.0.0', HOUR);
    await app.get(MirroredProviders).holdBack(address(), 'not now');
    await settle();
    expect(await shown()).toEqual({ index: [], list: [], found: undefined });
    await app.get(MirroredProviders).holdBack(address(), null);
    expect(await shown()).toEqual(everywhere('1.0.0'));
    await bring('1.1.0', HOUR);
    await app.get(MirroredProviders).deleteVersions(address(), ['1.0.0']);
    expect(await shown()).toEqual(everywhere('1.1.0'));
    await settle();
    expect(await shown()).toEqual(everywhere('1.1.0'));
  });

  it('leaves no list behind when its provider is gone', async () => {
    type = uniqueName('many');
    await bring('1.0.0', HOUR);
    await app.get(MirroredProviders).purge(address());
    await app.get(PostponedLists).make(address());
    await settle();
    expect(await shown()).toEqual({ index: [], list: [], found: undefined });
    await app.query(`DELETE FROM graphile_worker._private_jobs WHERE key LIKE '%/' || $1`, [type]);
  });
});
