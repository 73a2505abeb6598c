import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldsOf } from '../../../../../../src/storage/backend-fields.js';
import { aModule, moduleProtocolPath } from '../../../../../support/factories/module.factory.js';
import { type Answer, request } from '../../../../../support/http-request.js';
import type { ModulePublish } from '../../../../../support/publish-client.js';
import { type BackendServer, REMOTE_BACKENDS } from '../../../../../support/storage-backends.js';
import { TestApp } from '../../../../../support/test-app.js';
import { expectApiError } from '../../../support/expectations.js';
import { blobsIn, type Config, download, type Entry, entryOf, StorageAdmin } from './support.js';

let app: TestApp;
let second: TestApp;
let admin: StorageAdmin;
const servers: BackendServer[] = [];
beforeAll(async () => {
  app = await TestApp.start({ TFR_SECURITY_EGRESS_ALLOWLIST: '127.0.0.1,localhost' });
  second = await app.another();
  admin = await StorageAdmin.of(app);
});
afterAll(async () => {
  await second?.stop();
  await app?.stop();
  for (const server of servers) await server.stop();
});

type Remote = keyof typeof REMOTE_BACKENDS;
async function serverOf(type: Remote): Promise<{ entry: Entry; secrets: string[] }> {
  const server = await REMOTE_BACKENDS[type]();
  servers.push(server);
  const entry = entryOf(server.settings);
  const secrets = fieldsOf(type).filter(({ isSecret, name }) => isSecret && entry[name] !== undefined);
  return { entry, secrets: secrets.map(({ name }) => name) };
}

/** Downloads with the link that a CLI is given, wherever it leads. */
async function fetched(
  from: TestApp,
  module: Required<ModulePublish>,
): Promise<{ link: string; answer: Answer }> {
  const path = `${moduleProtocolPath(module)}/${module.version}/download`;
  const { headers } = await from.request(path, { lean: true });
  const link = String(headers['x-terraform-get']);
  const answer = link.includes('/v1/files/') ? await download(from, module) : await request(link);
  return { link, answer };
}

/** What stands in rows, logs and audit records. */
async function tellings(): Promise<string> {
  const tables = await app.query<{ row: string }>(
    `SELECT t::text AS row FROM storage_configurations t UNION ALL SELECT t::text FROM audit_entries t`,
  );
  return [...tables.map(({ row }) => row), ...app.logged(), ...second.logged()].join('\n');
}

const REMOTES: Remote[] = ['s3', 'azure', 'gcs'];

describe.each(REMOTES)('%s, configured over the interface', (type) => {
  it('takes uploads and gives downloads on every process at once, and keeps its secrets', async () => {
    const { entry, secrets } = await serverOf(type);
    const [before, after] = [aModule(), aModule()];
    expect((await second.publishModule(before)).status).toBe(201);
    expect((await admin.test(entry)).json()).toMatchObject({ success: true });
    const answer = await admin.add(entry);
    expect([answer.status, answer.json()['error']]).toEqual([201, undefined]);
    const stored = answer.json<Config>();
    for (const name of secrets)
      expect([name, stored[`${name}_set`], stored[name]]).toEqual([name, true, undefined]);

    const local = blobsIn(app.config.storage.localBasePath).length;
    expect((await app.publishModule(after)).status).toBe(201);
    expect(blobsIn(app.config.storage.localBasePath)).toHaveLength(local);
    for (const process of [app, second]) {
      const { link, answer: got } = await fetched(process, after);
      expect([link.startsWith('http://registry.test'), got.status]).toEqual([false, 200]);
      expect(got.body.equals(after.archive)).toBe(true);
      expect((await fetched(process, before)).answer.body.equals(before.archive)).toBe(true);
    }

    const changed = await admin.put(stored.id, {
      ...entry,
      ...Object.fromEntries(secrets.map((name) => [name, ''])),
    });
    expect([changed.status, changed.json()]).toEqual([
      200,
      { ...stored, updated_at: expect.any(String) as string },
    ]);
    expectApiError(await admin.add(entry), 409, /at the same place/);
    const text = `${await tellings()}${answer.body.toString()}${changed.body.toString()}`;
    for (const name of secrets) {
      const secret = String(entry[name]);
      // Of a document, its most secret line.
      const needle = secret.startsWith('{') ? secret.match(/[A-Za-z0-9+/]{48}/)![0] : secret;
      expect([name, text.includes(needle)]).toEqual([name, false]);
    }
    await admin.added(admin.local(`after-${type}`));
    expect((await fetched(second, after)).answer.status).toBe(200);
    expectApiError(await admin.remove(stored.id), 409, /^1 object is still stored/);
  });

  it('is refused where there is no such place, with a sentence that says so', async () => {
    const { entry } = await serverOf(type);
    const place = type === 'azure' ? 'azure_container_name' : `${type}_bucket`;
    const answer = await admin.test({ ...entry, [place]: 'no-such-place' });
    const word = type === 'azure' ? 'container' : 'bucket';
    expect([answer.status, answer.json()]).toEqual([
      400,
      expect.objectContaining({
        success: false,
        error: `There is no such ${word}: check its name, or create it`,
        fields: { [place]: expect.any(String) as string },
      }),
    ]);
  });

  it('is refused with credentials that are not accepted', async () => {
    const { entry, secrets } = await serverOf(type);
    const name = secrets.at(-1)!;
    const answer = await admin.test({ ...entry, [name]: wrongOf(String(entry[name])) });
    const { error } = answer.json<{ error: string }>();
    expect([answer.status, error]).toEqual([400, expect.stringContaining('the credentials')]);
  });

  it('is refused where nobody answers', async () => {
    const { entry } = await serverOf(type);
    await servers.pop()!.stop();
    const answer = await admin.test(entry);
    const { error } = answer.json<{ error: string }>();
    expect([answer.status, error]).toEqual([
      400,
      expect.stringMatching(/cannot be reached|did not answer in time/),
    ]);
  });
});

describe('S3, configured over the interface', () => {
  it('is refused with the region of another bucket', async () => {
    const { entry } = await serverOf('s3');
    const answer = await admin.test({ ...entry, s3_region: 'us-west-9' });
    const { error, fields } = answer.json<{ error: string; fields: object }>();
    expect([answer.status, error, Object.keys(fields)]).toEqual([
      400,
      'The bucket is in another region: check the region',
      ['s3_region'],
    ]);
  });
});

/** The same form without being the same. */
function wrongOf(secret: string): string {
  if (!secret.startsWith('{')) return Buffer.from(`test-only wrong ${secret.length}`).toString('base64');
  const key = JSON.parse(secret) as Record<string, unknown>;
  return JSON.stringify({ ...key, client_email: 'stranger@example.iam.gserviceaccount.com' });
}
