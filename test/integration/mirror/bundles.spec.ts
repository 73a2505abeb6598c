import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMirrorCommand } from '../../../src/mirror/bundles/mirror-commands.js';
import { ProviderIngest } from '../../../src/providers/provider-ingest.service.js';
import { ProviderPackageInspector } from '../../../src/providers/provider-package-inspector.js';
import { RegistrySigning } from '../../../src/providers/registry-signing.service.js';
import { Mirrors } from '../../../src/mirror/configuration/mirrors.service.js';
import { bundleBytes, bundledRelease } from '../../support/bundle-fixture.js';
import { makeUpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import type { Answer } from '../../support/http-request.js';
import {
  mirroredRelease,
  mirrorPath,
  mirrorSigner,
  UPSTREAM_HOST,
  type WantedRelease,
} from '../../support/mirrored-release.js';
import { TestApp } from '../../support/test-app.js';

const PATH = '/api/v1/admin/mirror-bundles';
const PLATFORMS = ['linux_amd64', 'darwin_arm64'];

interface Report {
  readonly status: string;
  readonly signer: string;
  readonly imported: number;
  readonly present: number;
  readonly refused: number;
  readonly versions: readonly Record<string, unknown>[];
}

/** A registry, with its own database and storage. */
interface Side {
  readonly app: TestApp;
  readonly admin: string;
}

let here: Side;
let there: Side;
let mirrorId: string;
let signer: string;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tfr-bundles-'));
  [here, there] = await Promise.all([startSide(), startSide({ TFR_MIRROR_BUNDLE_MAX_SIZE: '1MiB' })]);
  signer = (await here.app.get(RegistrySigning).publicKey()).fingerprint;
  mirrorId = await addMirror('gap', 'https://registry.terraform.io');
  for (const version of ['1.0.0', '1.1.0', '2.0.0-rc.1']) {
    await mirrorHere({ type: 'carried', version, platforms: PLATFORMS });
  }
  await mirrorHere({ type: 'other', version: '1.0.0' });
}, 60_000);

afterAll(async () => {
  await Promise.all([here.app.stop(), there.app.stop()]);
  await rm(folder, { recursive: true });
});

describe('a bundle that was exported', () => {
  it('has the providers of the selection and is imported on the other side', async () => {
    const answer = await exported({ provider_filter: ['carried'], namespace_filter: ['hashicorp'] });
    expect(answer.headers['content-length']).toBe(String(answer.body.length));
    expect(
      await there.app.request(mirrorPath({ type: 'carried' }) + '/index.json', { key: there.admin }),
    ).toMatchObject({ status: 404 });

    const report = await imported(answer.body);
    expect(report).toMatchObject({ status: 'success', signer, imported: 3, present: 0, refused: 0 });
    expect(report.versions).toContainEqual({
      ...{ host: UPSTREAM_HOST, namespace: 'hashicorp', provider_name: 'carried', version: '1.1.0' },
      ...{ outcome: 'imported', packages: 2, bytes: expect.any(Number) as number },
    });

    for (const document of ['index.json', '1.1.0.json']) {
      const path = `${mirrorPath({ type: 'carried' })}/${document}`;
      const [one, other] = await Promise.all(
        [here, there].map(({ app, admin }) => app.request(path, { key: admin })),
      );
      expect(withoutLinks(other!)).toEqual(withoutLinks(one!));
    }
  });

  it('changes nothing when it is imported a second time', async () => {
    const { body } = await exported({ provider_filter: ['carried'] });
    expect(await imported(body)).toMatchObject({ status: 'success', imported: 0, present: 3, refused: 0 });
  });

  it('has only what the other side does not have', async () => {
    const { body: before } = await exported({});
    const inventory = (await there.app.request(`${PATH}/inventory`, { key: there.admin })).json<{
      providers: object;
    }>();
    expect(Object.keys(inventory.providers)).toEqual([`${UPSTREAM_HOST}/hashicorp/carried`]);
    const { body } = await exported({ inventory: inventory.providers });
    expect(body.length).toBeLessThan(before.length);
    const report = await imported(body);
    expect(report.versions.map((line) => [line['provider_name'], line['version'], line['outcome']])).toEqual([
      ['other', '1.0.0', 'imported'],
    ]);
    const now = (await there.app.request(`${PATH}/inventory`, { key: there.admin })).json<{
      providers: object;
    }>();
    const rest = await imported((await exported({ inventory: now.providers })).body);
    expect(rest.versions).toEqual([]);
  });

  it.each([
    [{ version_filter: 'latest:1' }, 'carried 2.0.0-rc.1,other 1.0.0'],
    [{ version_filter: '1.1.0' }, 'carried 1.1.0'],
    [{ with_prereleases: false, version_filter: 'latest:1' }, 'carried 1.1.0,other 1.0.0'],
    [{ platform_filter: ['darwin/arm64'], version_filter: '1.0.0' }, 'carried 1.0.0'],
    [{ hosts: ['registry.example.com'] }, ''],
    [{ provider_filter: ['oth*'] }, 'other 1.0.0'],
  ])('is selected by %j', async (selection, wanted) => {
    const { body } = await exported(selection);
    expect(
      manifestOf(body)
        .releases.map(({ type, version }) => `${type} ${version}`)
        .join(),
    ).toBe(wanted);
  });

  it('is refused with a filter or an inventory that cannot be read', async () => {
    for (const body of [
      { version_filter: 'newest' },
      { platform_filter: ['linux'] },
      { inventory: { a: 1 } },
      { inventory: [] },
    ]) {
      expect(
        (await here.app.request(`${PATH}/export`, { method: 'POST', key: here.admin, json: body })).status,
      ).toBe(400);
    }
  });
});

describe('an import', () => {
  it('needs a signer that is expected', async () => {
    const { body } = await exported({ provider_filter: ['other'] });
    const another = (await makeUpstreamKeys()).honest.fingerprint;
    for (const [form, code] of [
      [{}, 'bundle_signer_not_named'],
      [{ signer: another }, 'bundle_signer_not_trusted'],
      [{ signer: 'nonsense' }, 'invalid_bundle_selection'],
    ] as const) {
      const answer = await upload(body, { mirror_id: mirrorId, ...form });
      expect([answer.status, answer.json<{ code: string }>().code]).toEqual([400, code]);
    }
  });

  it('takes the fingerprint as people copy it', async () => {
    const { body } = await exported({ provider_filter: ['other'] });
    const groups = signer.toLowerCase().replaceAll(/(.{4})/g, '$1 ');
    expect((await upload(body, { mirror_id: mirrorId, signer: groups })).status).toBe(200);
  });

  it('refuses a damaged bundle and stores nothing of it', async () => {
    await mirrorHere({ type: 'damaged', platforms: PLATFORMS });
    const { body } = await exported({ provider_filter: ['damaged'] });
    for (const bytes of [
      body.subarray(0, -1),
      body.subarray(0, 600),
      Buffer.concat([body, Buffer.alloc(512)]),
      Buffer.from('x'),
    ]) {
      const answer = await upload(bytes, { mirror_id: mirrorId, signer });
      expect([answer.status, answer.json<{ code: string }>().code]).toEqual([400, 'bundle_invalid']);
    }
    const flipped = Buffer.from(body);
    flipped[body.lastIndexOf('PK\x01\x02') + 20]! ^= 1;
    const report = await imported(flipped);
    expect(report).toMatchObject({ status: 'failed', refused: 1, imported: 0 });
    expect(report.versions[0]).toMatchObject({
      outcome: 'refused',
      code: 'bundle_package_damaged',
      packages: 0,
    });
    expect(
      await there.app.request(`${mirrorPath({ type: 'damaged' })}/index.json`, { key: there.admin }),
    ).toMatchObject({ status: 404 });
    expect(await imported(body)).toMatchObject({ imported: 1 });
  });

  it('lets in only what the gate of the mirror lets through', async () => {
    await mirrorHere({ namespace: 'acme', type: 'waiting' });
    const report = await imported((await exported({ namespace_filter: ['acme'] })).body);
    expect(report.versions).toMatchObject([{ outcome: 'refused', code: 'bundle_release_needs_approval' }]);
    const approvals = await there.app.get(Mirrors).list();
    expect(approvals).toHaveLength(1);
  });

  it('lets in only what a key signed that counts', async () => {
    await mirrorHere({ namespace: 'acme', type: 'unknown-key', host: 'registry.example.com' });
    const other = await addMirror('pinned only', 'https://registry.example.com', { key_trust: 'pinned' });
    await allow('registry.example.com');
    const { body } = await exported({ hosts: ['registry.example.com'] });
    const answer = await upload(body, { mirror_id: other, signer });
    expect(answer.json<Report>().versions).toMatchObject([
      { outcome: 'refused', code: 'bundle_key_not_trusted' },
    ]);
    await pinKey(other, 'acme');
    expect((await upload(body, { mirror_id: other, signer })).json<Report>()).toMatchObject({ imported: 1 });
  });

  it('takes only providers of the host of its mirror', async () => {
    const { body } = await exported({ hosts: ['registry.example.com'] });
    expect((await imported(body)).versions).toMatchObject([
      { outcome: 'refused', code: 'bundle_other_host' },
    ]);
  });

  it('refuses packages that hash to something else than the list says, whoever signed it', async () => {
    const keys = await makeUpstreamKeys();
    const made = await bundledRelease(await mirrorSigner(), '1.0.0', { host: 'registry.example.com' });
    const body = await bundleBytes(keys.honest, [made]);
    const mirrors = await there.app.get(Mirrors).list();
    const { id } = mirrors.find(({ upstreamHost }) => upstreamHost === 'registry.example.com')!;
    const answer = await upload(body, { mirror_id: id, signer: keys.honest.fingerprint });
    expect(answer.json<Report>().versions).toMatchObject([{ outcome: 'refused', code: 'package_unusable' }]);
  });

  it('says what is missing in the form', async () => {
    const { body } = await exported({ provider_filter: ['other'] });
    expect((await upload(body, {})).status).toBe(400);
    expect((await upload(body, { mirror_id: 'x', signer })).status).toBe(400);
    expect((await upload(body, { mirror_id: crypto.randomUUID(), signer })).status).toBe(404);
    const parts = [{ name: 'mirror_id', value: mirrorId }];
    expect((await there.app.postForm(`${PATH}/import`, parts, there.admin)).status).toBe(400);
  });

  it('has a limit for the size of the upload', async () => {
    const answer = await upload(Buffer.alloc(1024 * 1024 + 1), { mirror_id: mirrorId, signer });
    expect([answer.status, answer.body.toString()]).toEqual([
      413,
      expect.stringContaining('mirror.bundle_max_size'),
    ]);
    expect((await upload(Buffer.alloc(1024 * 1024), { mirror_id: mirrorId, signer })).status).toBe(400);
  });
});

describe('the commands', () => {
  it('carry providers from one registry to the other', async () => {
    await mirrorHere({ type: 'commanded' });
    const [out, list] = [join(folder, 'bundle.tar'), join(folder, 'inventory.json')];
    const inventory = await command(there, ['inventory']);
    await writeFile(list, inventory.printed.join('\n'));
    const wrote = await command(here, [
      'export',
      '--out',
      out,
      '--provider',
      'commanded',
      '--inventory',
      list,
    ]);
    expect(wrote).toMatchObject({ status: 0, printed: [expect.stringMatching(/\t1 versions\t1 packages$/)] });
    expect(wrote.hints.join()).toContain(signer);
    expect((await stat(out)).size).toBe((await readFile(out)).length);
    const read = await command(there, ['import', out, '--mirror', 'GAP', '--signer', signer]);
    expect(read).toMatchObject({
      status: 0,
      printed: [`imported\t${UPSTREAM_HOST}/hashicorp/commanded\t1.0.0\t1\t`],
    });
    const again = await command(there, ['import', out, '--mirror', mirrorId, '--signer', signer]);
    expect(again.printed).toEqual([`present\t${UPSTREAM_HOST}/hashicorp/commanded\t1.0.0\t0\t`]);
  });

  it.each([
    [['export']],
    [['import']],
    [['import', 'nowhere.tar', '--mirror', 'gap']],
    [['export', '--out', 'x', '--wrong']],
    [['inventory', 'more']],
    [['nothing']],
  ])('say what is wrong with %j', async (args) => {
    await expect(command(there, args)).rejects.toThrow(/Usage|There is no file/);
  });
});

async function startSide(settings: Record<string, string> = {}): Promise<Side> {
  const app = await TestApp.start(settings);
  return { app, admin: await app.issueKey('admin') };
}

async function addMirror(name: string, upstream: string, more: object = {}): Promise<string> {
  const json = { name, upstream_registry_url: upstream, enabled: false, ...more };
  const answer = await there.app.request('/api/v1/admin/mirrors', { method: 'POST', key: there.admin, json });
  expect(answer.status, answer.body.toString()).toBe(201);
  const { id } = answer.json<{ id: string }>();
  if (Object.keys(more).length === 0) await pinKey(id, 'hashicorp');
  return id;
}

async function pinKey(id: string, namespace: string): Promise<void> {
  const json = { namespace, ascii_armor: (await mirrorSigner()).armor };
  const answer = await there.app.request(`/api/v1/admin/mirrors/${id}/keys`, {
    method: 'POST',
    key: there.admin,
    json,
  });
  expect(answer.status, answer.body.toString()).toBe(201);
}

async function allow(registry: string): Promise<void> {
  const json = {
    name: `allow ${registry}`,
    policy_type: 'allow',
    upstream_registry: registry,
    priority: 500,
  };
  const answer = await there.app.request('/api/v1/admin/policies', {
    method: 'POST',
    key: there.admin,
    json,
  });
  expect(answer.status, answer.body.toString()).toBe(201);
}

/** Brings a release in as a mirror would, with the true hash of its packages. */
async function mirrorHere(wanted: WantedRelease): Promise<void> {
  const place = await mkdtemp(join(folder, 'release-'));
  const { origin, release } = await mirroredRelease(place, wanted);
  const inspector = here.app.get(ProviderPackageInspector);
  const packages = await Promise.all(
    release.packages.map(async (one) => ({
      ...one,
      ...(await inspector.inspect(one.path, { type: origin.type, version: release.version, os: one.os })),
    })),
  );
  await here.app.get(ProviderIngest).ingest(origin, { ...release, packages });
}

async function exported(selection: object): Promise<Answer> {
  const answer = await here.app.request(`${PATH}/export`, {
    method: 'POST',
    key: here.admin,
    json: selection,
  });
  expect(answer.status).toBe(200);
  return answer;
}

function upload(bytes: Buffer, form: Record<string, string>): Promise<Answer> {
  const fields = Object.entries(form).map(([name, value]) => ({ name, value }));
  const parts = [{ name: 'bundle', filename: 'bundle.tar', value: bytes }, ...fields];
  return there.app.postForm(`${PATH}/import`, parts, there.admin);
}

async function imported(bytes: Buffer): Promise<Report> {
  const answer = await upload(bytes, { mirror_id: mirrorId, signer });
  expect(answer.status, answer.body.toString()).toBe(200);
  return answer.json<Report & Record<string, unknown>>();
}

function manifestOf(bundle: Buffer): { releases: { type: string; version: string }[] } {
  const size = Number.parseInt(bundle.toString('latin1', 124, 135), 8);
  return JSON.parse(bundle.toString('utf8', 512, 512 + size)) as ReturnType<typeof manifestOf>;
}

/** What clients compare: everything but the signed URLs. */
function withoutLinks(answer: Answer): unknown {
  expect(answer.status, answer.body.toString()).toBe(200);
  return JSON.parse(answer.body.toString(), (key, value: unknown) => (key === 'url' ? 'a link' : value));
}

async function command(side: Side, args: readonly string[]) {
  const [printed, hints]: [string[], string[]] = [[], []];
  const output = {
    print: (line: string) => void printed.push(line),
    hint: (line: string) => void hints.push(line),
  };
  const status = await runMirrorCommand(
    args,
    { get: (token: never) => side.app.get(token) } as never,
    output,
  );
  return { status, printed, hints };
}
