import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { tarFile, tarGz } from '../test/support/archives/tar-builder.js';
import { buildZip } from '../test/support/archives/zip-builder.js';
import type { Answer } from '../test/support/http-request.js';
import { type PublishCall, publishModule, publishProvider } from '../test/support/publish-client.js';
import type { DataSetSize } from './options.js';

export const NAMESPACE = 'bench';
/** Holds one module that only keys may read. */
export const PRIVATE_NAMESPACE = 'bench-private';
export const PLATFORMS = ['linux', 'darwin', 'windows'].flatMap((os) =>
  ['amd64', 'arm64'].map((arch) => ({ os, arch })),
);
const PUBLISHERS = 4;

/** The module whose archive has 2 KB, and the one whose archive has 50 MB. */
export const SMALL_FILE = 'small-file';
export const LARGE_FILE = 'large-file';
const LARGE_BYTES = 50 * 1024 * 1024;

export const moduleName = (index: number): string => `module${index}`;
export const providerType = (index: number): string => `provider${index}`;
export const versionText = (index: number): string => `1.${index}.0`;

/** Publishes a data set through the HTTP API. */
export async function publishDataSet(call: PublishCall, size: DataSetSize): Promise<void> {
  const work: (() => Promise<void>)[] = [
    () => publishArchive(call, SMALL_FILE, 0, randomBytes(1_700)),
    () => publishArchive(call, LARGE_FILE, 0, randomBytes(LARGE_BYTES)),
    ...Array.from({ length: size.moduleVersions }, (_, version) => () => {
      return publishArchive(call, moduleName(0), version, randomBytes(200), PRIVATE_NAMESPACE);
    }),
  ];
  for (let version = 0; version < size.providerVersions; version += 1) {
    for (let index = 0; index < size.providers; index += 1)
      work.push(() => publishRelease(call, index, version));
  }
  for (let version = 0; version < size.moduleVersions; version += 1) {
    for (let index = 0; index < size.modules; index += 1) {
      work.push(() => publishArchive(call, moduleName(index), version, randomBytes(200)));
    }
  }
  await Promise.all(Array.from({ length: PUBLISHERS }, () => takeAll(work)));
}

/** Hides a namespace from everybody without a right to it; takes effect when the registry starts again. */
export async function hideNamespace(database: Client, namespace: string): Promise<void> {
  const { rows } = await database.query<{ id: string }>(
    `INSERT INTO organizations (name, display_name, visibility) VALUES ('hidden', 'hidden', 'private') RETURNING id`,
  );
  const values = [rows[0]!.id, namespace];
  await database.query('UPDATE namespace_claims SET organization_id = $1 WHERE name = $2', values);
  await database.query(`UPDATE protocol_documents SET visibility = 'private' WHERE namespace = $1`, [
    namespace,
  ]);
}

async function takeAll(work: (() => Promise<void>)[]): Promise<void> {
  for (let next = work.shift(); next; next = work.shift()) await next();
}

async function publishArchive(
  call: PublishCall,
  name: string,
  version: number,
  data: Buffer,
  namespace = NAMESPACE,
): Promise<void> {
  const archive = tarGz([tarFile('main.tf', `# ${name}\n`), tarFile('data.bin', data)]);
  const module = { namespace, name, version: versionText(version), archive };
  expectCreated(await publishModule(call, module));
}

async function publishRelease(call: PublishCall, index: number, version: number): Promise<void> {
  const type = providerType(index);
  for (const { os, arch } of PLATFORMS) {
    const suffix = os === 'windows' ? '.exe' : '';
    const name = `terraform-provider-${type}_v${versionText(version)}${suffix}`;
    const file = buildZip([{ name, content: randomBytes(500), mode: 0o100755 }]);
    const release = { namespace: NAMESPACE, type, version: versionText(version), os, arch, file };
    expectCreated(await publishProvider(call, release));
  }
}

function expectCreated(answer: Answer): void {
  if (answer.status !== 201)
    throw new Error(`Publishing answered ${answer.status}: ${answer.body.toString()}`);
}
