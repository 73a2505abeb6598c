import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testSigner } from '../../../../support/build-fixtures.js';
import { uniqueName } from '../../../../support/factories/names.js';
import {
  aProvider,
  aSignedRelease,
  onPlatform,
  providerApiPath,
  providerProtocolPath,
} from '../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../support/test-app.js';
import { expectApiError } from '../../support/expectations.js';
import { LIVING_KINDS, LivingVersion, type LivingKind } from '../../support/living-version.js';
import { serveRelease } from '../../support/served-release.js';

const REASON = { reason: 'It steals credentials' };

let app: TestApp;
let writer: string;
let admin: string;

beforeAll(async () => {
  app = await TestApp.start();
  writer = app.publisherKey;
  admin = await app.issueKey('admin');
});
afterAll(() => app?.stop());

async function published(one: LivingVersion): Promise<{ one: LivingVersion; links: string[] }> {
  expect((await one.publish()).status).toBe(201);
  return { one, links: await one.links() };
}

/** The same name, version and bytes in two namespaces. */
async function twins(kind: LivingKind): Promise<[LivingVersion, LivingVersion]> {
  const name = uniqueName('twin');
  const [one, other] = [uniqueName('one'), uniqueName('two')].map((namespace) =>
    LivingVersion.of(app, kind, { namespace, name }),
  );
  await published(one!);
  return [one!, other!];
}

const statusOf = async (link: string, of = app) => (await of.fetchLink(link)).status;
const statusesOf = (links: readonly string[], of = app) =>
  Promise.all(links.map((link) => statusOf(link, of)));
const all = (links: readonly string[], status: number) => links.map(() => status);

describe.each(LIVING_KINDS)('a quarantined version of a %s', (kind) => {
  it('stops links that were given out and used, however they are asked for, and opens them again', async () => {
    const { one, links } = await published(LivingVersion.of(app, kind));
    for (let time = 0; time < 3; time += 1) expect(await statusesOf(links)).toEqual(all(links, 200));
    expect((await one.act('quarantine', REASON, admin)).status).toBe(200);
    const [link] = links as [string];
    const answer = await app.fetchLink(link);
    const sentence = 'This file belongs to a quarantined version: ask the administrators of its organization';
    expectApiError(answer, 410, sentence);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect((await app.fetchLink(link, { method: 'HEAD' })).status).toBe(410);
    expect((await app.fetchLink(link, { headers: { range: 'bytes=0-3' } })).status).toBe(410);
    const bare = link.slice(0, link.indexOf('?'));
    for (const key of [writer, admin]) expect((await app.fetchLink(bare, { key })).status).toBe(410);
    expect(await statusesOf(links)).toEqual(all(links, 410));
    expect(await statusOf(link.replace(/signature=[^&]{4}/, 'signature=AAAA')), 'a wrong signature').toBe(
      403,
    );
    await one.act('restore', undefined, admin);
    expect(await statusesOf(links)).toEqual(all(links, 200));
    expect((await one.download()).status).toBeLessThan(300);
  });

  it('is gone from every process, and back in every process', async () => {
    const second = await app.another();
    try {
      const { one, links } = await published(LivingVersion.of(app, kind));
      const sight = async () => {
        const { versions } = await one.lean(second);
        return [
          versions.length,
          (await one.download(second)).status < 300,
          ...(await statusesOf(links, second)),
        ];
      };
      await expect.poll(sight, { timeout: 2_000 }).toEqual([1, true, ...all(links, 200)]);
      await one.act('quarantine', REASON, admin);
      await expect.poll(sight, { timeout: 2_000 }).toEqual([0, false, ...all(links, 410)]);
      await one.act('restore', undefined, admin, second);
      await expect.poll(sight, { timeout: 2_000 }).toEqual([1, true, ...all(links, 200)]);
      expect(await statusesOf(links)).toEqual(all(links, 200));
    } finally {
      await second.stop();
    }
  });

  it('leaves the package of a twin in another namespace readable as long as there is one', async () => {
    const [one, twin] = await twins(kind);
    await published(twin);
    const [file] = (await one.links()) as [string];
    await one.act('quarantine', REASON, admin);
    expect([(await twin.download()).status < 300, await statusOf(file)]).toEqual([true, 200]);
    await twin.act('withdraw', { reason: 'old', mode: 'refuse' }, writer);
    expect(await statusOf(file)).toBe(200);
    await twin.remove(writer);
    expect(await statusOf(file), 'only the quarantined one is left').toBe(410);
    expect((await twin.publish()).status, 'the twin comes back').toBe(201);
    expect([(await twin.download()).status < 300, await statusOf(file)]).toEqual([true, 200]);
    await twin.act('quarantine', REASON, admin);
    expect(await statusOf(file)).toBe(410);
    await one.act('restore', undefined, admin);
    expect(await statusOf(file)).toBe(200);
  });

  it('does not come back by publishing its bytes again, until an administrator allows it', async () => {
    const { one, links } = await published(LivingVersion.of(app, kind));
    await one.act('quarantine', REASON, admin);
    await one.remove(writer);
    const refused = await one.publish();
    expect(refused.status).toBe(409);
    expect(refused.json()).toMatchObject({
      code: `${kind}_version_quarantined`,
      error: expect.stringMatching(/an administrator of its organization has to restore it/),
    });
    expect(await statusesOf(links)).toEqual(all(links, 410));
    expect((await one.act('restore', undefined, writer)).status).toBe(403);
    const lifted = await one.act('restore', undefined, admin);
    expect(lifted.json()).toEqual({
      message: 'Quarantine of the deleted version lifted successfully',
      state: 'deleted',
    });
    expect((await one.download()).status).toBe(404);
    expect((await one.publish()).status).toBe(201);
    expect((await one.shown())?.state).toBe('active');
  });

  it('stays quarantined when everything around it is deleted', async () => {
    const { one, links } = await published(LivingVersion.of(app, kind));
    await one.act('quarantine', REASON, admin);
    const whole = one.apiPath.replace(/\/versions\/.*/, '');
    expect((await app.request(whole, { method: 'DELETE', key: writer })).status).toBe(200);
    expect(await statusesOf(links)).toEqual(all(links, 410));
    expect((await one.publish()).json()).toMatchObject({ code: `${kind}_version_quarantined` });
    expect((await one.act('restore', undefined, admin)).json()).toMatchObject({ state: 'deleted' });
    expect((await one.lean()).versions, 'it is still deleted').toEqual([]);
    expect((await one.publish()).status).toBe(201);
  });

  it('is recorded with what was before and after', async () => {
    const { one } = await published(LivingVersion.of(app, kind));
    await one.act('withdraw', { reason: 'old', mode: 'refuse' }, writer);
    await one.act('quarantine', REASON, admin);
    await one.act('restore', undefined, admin);
    const rows = await app.query<{ action: string; metadata: { before: object; after: object } }>(
      `SELECT action, metadata FROM audit_entries
       WHERE resource_type = $1 AND metadata->>'address' = $2 AND action LIKE '%versions%' ORDER BY chain_seq`,
      [kind, one.protocolPath.replace(/^\/v1\/\w+\//, '')],
    );
    const active = { state: 'active', state_reason: null, withdraw_mode: null, quarantined_at: null };
    const withdrawn = { ...active, state: 'withdrawn', state_reason: 'old', withdraw_mode: 'refuse' };
    const quarantined = {
      state: 'quarantined',
      state_reason: REASON.reason,
      quarantined_at: expect.any(String),
    };
    expect(
      rows.map(({ action, metadata }) => [action.split('/').at(-1), metadata.before, metadata.after]),
    ).toEqual([
      ['withdraw', expect.objectContaining(active), expect.objectContaining(withdrawn)],
      ['quarantine', expect.objectContaining(withdrawn), expect.objectContaining(quarantined)],
      ['restore', expect.objectContaining(quarantined), expect.objectContaining(withdrawn)],
    ]);
  });

  it('is one thing or the other when it is quarantined and deleted at the same moment', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { one, links } = await published(LivingVersion.of(app, kind));
      const [held, removed] = await Promise.all([one.act('quarantine', REASON, admin), one.remove(writer)]);
      expect(removed.status).toBe(200);
      const isHeld = held.status === 200;
      expect(isHeld || held.status === 404).toBe(true);
      expect(await statusesOf(links)).toEqual(all(links, isHeld ? 410 : 200));
      expect((await one.publish()).status).toBe(isHeld ? 409 : 201);
    }
  });

  it('is one thing or the other when it is quarantined and published again at the same moment', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { one } = await published(LivingVersion.of(app, kind));
      await one.remove(writer);
      const [held, again] = await Promise.all([one.act('quarantine', REASON, admin), one.publish()]);
      expect(again.status).toBe(201);
      const isHeld = held.status === 200;
      expect((await one.download()).status >= 400).toBe(isHeld);
      expect((await one.shown(writer))?.state).toBe(isHeld ? 'quarantined' : 'active');
    }
  });

  it('never closes the file of a twin that is published at the same moment', async () => {
    for (let round = 0; round < 8; round += 1) {
      const [one, twin] = await twins(kind);
      const [file] = (await one.links()) as [string];
      const [held, again] = await Promise.all([one.act('quarantine', REASON, admin), twin.publish()]);
      expect([held.status, again.status]).toEqual([200, 201]);
      expect([(await one.download()).status, await statusOf(file)]).toEqual([410, 200]);
    }
  });

  it('is refused to everybody who asks after it was quarantined', async () => {
    const { one, links } = await published(LivingVersion.of(app, kind));
    let isQuarantined = false;
    const late: number[] = [];
    const client = async () => {
      for (let lateRequests = 0; lateRequests < 10;) {
        const isLate = isQuarantined;
        const statuses = [(await one.download()).status, await statusOf(links[0]!)];
        if (!isLate) continue;
        late.push(...statuses);
        lateRequests += 1;
      }
    };
    const quarantine = async () => {
      await one.act('quarantine', REASON, admin).finally(() => (isQuarantined = true));
    };
    await Promise.all([client(), client(), client(), quarantine()]);
    expect(late.length).toBe(60);
    expect(late.every((status) => status === 410)).toBe(true);
  });
});

describe('a quarantined version of a provider', () => {
  it('takes no further platforms', async () => {
    const provider = aProvider();
    await app.publishProvider(provider);
    const path = `${providerApiPath(provider)}/versions/1.0.0`;
    await app.request(`${path}/quarantine`, { method: 'POST', key: admin, json: REASON });
    const more = onPlatform(provider, 'darwin', 'arm64');
    expect((await app.publishProvider(more)).json()).toMatchObject({ code: 'provider_version_quarantined' });
    await app.request(`${path}/restore`, { method: 'POST', key: admin });
    expect((await app.publishProvider(more)).status).toBe(201);
  });

  it('is quarantined with its files when its key is compromised, and a deleted one does not come back', async () => {
    const namespace = uniqueName('stolen');
    const signer = await testSigner();
    const keysPath = `/api/v1/namespaces/${namespace}/signing-keys`;
    const release = await aSignedRelease(signer, { namespace });
    const gone = await aSignedRelease(signer, { namespace, version: '2.0.0', type: release.type });
    const whole = await aSignedRelease(signer, { namespace });
    for (const one of [release, gone, whole]) expect((await app.publishRelease(one)).status).toBe(201);
    await app.request(providerApiPath(whole), { method: 'DELETE', key: writer });
    const added = await app.request(keysPath, {
      method: 'POST',
      key: admin,
      json: { ascii_armor: signer.publicKey },
    });
    const { document } = await serveRelease(app, release);
    const links = [document.download_url, document.shasums_url, document.shasums_signature_url];
    const path = `${providerApiPath(release)}/versions`;
    await app.request(`${path}/2.0.0`, { method: 'DELETE', key: writer });
    const { id } = added.json<{ id: string }>();
    const revocation = { reason: 'Stolen', compromised: true };
    await app.request(`${keysPath}/${id}/revoke`, { method: 'POST', key: admin, json: revocation });
    expect(await statusesOf(links)).toEqual(all(links, 410));
    const deleted = await app.request(`${providerProtocolPath(whole)}/versions`, { lean: true });
    expect(deleted.status, 'what was deleted stays so').toBe(404);
    const [[name, file]] = Object.entries(gone.packages) as [[string, Buffer]];
    const [, os, arch] = /_(\w+)_(\w+)\.zip$/.exec(name)!;
    const again = await app.publishProvider({
      ...aProvider({ namespace, type: gone.type, version: '2.0.0' }),
      os,
      arch,
      file,
    });
    expect(again.json()).toMatchObject({ code: 'provider_version_quarantined' });
    await app.request(`${path}/1.0.0/restore`, { method: 'POST', key: admin });
    expect(await statusesOf(links)).toEqual(all(links, 200));
  });
});
