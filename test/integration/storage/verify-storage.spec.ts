import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src/kernel/sha256.js';
import { newSpoolName } from '../../../src/platform/temp-files/spool-name.js';
import { MemoryObjectStore } from '../../../src/storage/adapters/memory/memory-object-store.js';
import { ArtifactKey } from '../../../src/storage/artifact-key.js';
import {
  FINDING_KINDS,
  formatVerifyReport,
  isIncomplete,
  type VerifyProgress,
} from '../../../src/storage/domain/verify-report.js';
import { StorageFixture } from './storage-fixture.js';

const DAY = 24 * 3_600_000;
let fixture: StorageFixture;

/** A published provider version with its documents and one package, on healthy storage. */
async function publishProvider(): Promise<{ versionId: string; packageId: string; sums: ArtifactKey }> {
  const text = `${'a'.repeat(64)}  terraform-provider-cloud_1.0.0_linux_amd64.zip\n`;
  const filename = 'terraform-provider-cloud_1.0.0_linux_amd64.zip';
  const sums = ArtifactKey.shasums(sha256Hex(text), 'cloud', '1.0.0');
  const stagedSums = await fixture.store.stage(sums, Buffer.from(text));
  const signature = await fixture.store.stage(
    ArtifactKey.shasumsSignature(sha256Hex('signature'), 'cloud', '1.0.0'),
    Buffer.from('signature'),
  );
  const zip = await fixture.store.stage(
    ArtifactKey.providerPackage(sha256Hex('zip'), filename),
    Buffer.from('zip'),
  );
  return fixture.transactions.run(async () => {
    for (const staged of [stagedSums, signature, zip]) await fixture.store.commit(staged);
    const [provider] = await fixture.sql<{ id: string }>(
      `INSERT INTO registry_providers (organization_id, namespace, type)
       SELECT id, 'acme', 'cloud' FROM organizations RETURNING id`,
    );
    const [version] = await fixture.sql<{ id: string }>(
      `INSERT INTO provider_versions (provider_id, version, sort_key, state, protocols, signed_by,
         signing_key_fingerprint, signing_key_armor, shasums, shasums_artifact_id, signature, signature_artifact_id)
       VALUES ($1, '1.0.0', '1', 'active', '{5.0}', 'registry', 'F', 'A', $2, $3, 'signature', $4) RETURNING id`,
      [provider!.id, text, stagedSums.id, signature.id],
    );
    const [row] = await fixture.sql<{ id: string }>(
      `INSERT INTO provider_packages (version_id, os, arch, filename, digest, h1, size_bytes, artifact_id)
       VALUES ($1, 'linux', 'amd64', $2, $3, 'h1:x', 3, $4) RETURNING id`,
      [version!.id, filename, zip.key.digest, zip.id],
    );
    return { versionId: version!.id, packageId: row!.id, sums };
  });
}

async function overwrite(key: ArtifactKey, content: string): Promise<void> {
  await rm(fixture.fileOf(key));
  await writeFile(fixture.fileOf(key), content);
}

async function plantObject(path: string): Promise<void> {
  const file = join(fixture.config.localBasePath, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, 'planted');
}

/** Each: does one damage and returns what verify must say, kind and subject. */
const CORRUPTIONS: Record<string, () => Promise<[kind: string, subject: string]>> = {
  'bytes that are gone': async () => {
    const { key } = await fixture.publish('bytes that are gone');
    await rm(fixture.fileOf(key));
    return ['missing-blob', key.path];
  },
  'one flipped bit': async () => {
    const { key } = await fixture.publish('one flipped bit');
    const bytes = await readFile(fixture.fileOf(key));
    bytes[3]! ^= 1;
    await overwrite(key, bytes.toString('latin1'));
    return ['wrong-digest', key.path];
  },
  'bytes that were cut': async () => {
    const { key } = await fixture.publish('bytes that were cut');
    await overwrite(key, 'bytes');
    return ['wrong-size', key.path];
  },
  'bytes that grew': async () => {
    const { key } = await fixture.publish('bytes that grew');
    await overwrite(key, 'bytes that grew and grew');
    return ['wrong-size', key.path];
  },
  'a link in place of the bytes': async () => {
    const { key } = await fixture.publish('a link in place of the bytes');
    await rm(fixture.fileOf(key));
    await symlink('/etc/hostname', fixture.fileOf(key));
    return ['unreadable-blob', key.path];
  },
  'a blob without a row': async () => {
    const { path } = fixture.keyOf('nobody knows me');
    await plantObject(path);
    return ['orphan-blob', path];
  },
  'a row that was removed by hand': async () => {
    const { key, id } = await fixture.stage('a row that was removed by hand');
    await fixture.sql('DELETE FROM artifacts WHERE id = $1', [id]);
    return ['orphan-blob', key.path];
  },
  'a file of somebody else': async () => {
    await plantObject('blobs/readme.txt');
    return ['foreign-object', 'blobs/readme.txt'];
  },
  'a state of the storage that the database does not know': async () => {
    const path = `epoch/${randomUUID()}`;
    await plantObject(path);
    return ['unknown-epoch', path];
  },
  'an object of a connectivity test that was left behind': async () => {
    const path = `probe/${randomUUID()}`;
    await plantObject(path);
    const old = new Date(Date.now() - 9 * DAY);
    await utimes(join(fixture.config.localBasePath, path), old, old);
    return ['foreign-object', path];
  },
  'a row with another digest than its key': async () => {
    const { key, artifactId, versionId } = await fixture.publish('a row with another digest than its key');
    await fixture.sql(`UPDATE artifacts SET digest = repeat('0', 64) WHERE id = $1`, [artifactId]);
    await fixture.sql(`UPDATE module_versions SET digest = repeat('0', 64) WHERE id = $1`, [versionId]);
    return ['key-mismatch', key.path];
  },
  'a version whose artifact is only staged': async () => {
    const { artifactId, versionId } = await fixture.publish('a version whose artifact is only staged');
    await fixture.sql(`UPDATE artifacts SET state = 'staged' WHERE id = $1`, [artifactId]);
    return ['referenced-not-committed', `module_versions ${versionId}`];
  },
  'a version whose artifact is doomed': async () => {
    const { artifactId, versionId } = await fixture.publish('a version whose artifact is doomed');
    await fixture.sql(`UPDATE artifacts SET state = 'doomed', doomed_at = now() WHERE id = $1`, [artifactId]);
    return ['referenced-not-committed', `module_versions ${versionId}`];
  },
  'an upload that nobody cleaned up': async () => {
    const { key, id } = await fixture.stage('an upload that nobody cleaned up');
    await fixture.sql(`UPDATE artifacts SET staged_at = now() - interval '9 days' WHERE id = $1`, [id]);
    return ['stale-staged', key.path];
  },
  'a removal that nobody carried out': async () => {
    const { key, id } = await fixture.stage('a removal that nobody carried out');
    await fixture.sql(
      `UPDATE artifacts SET state = 'doomed', doomed_at = now() - interval '9 days' WHERE id = $1`,
      [id],
    );
    return ['stale-doomed', key.path];
  },
  'artifacts of a storage that is gone': async () => {
    await fixture.sql(
      `INSERT INTO artifacts (storage, key, digest, size_bytes, state) VALUES ('old-bucket', 'k', 'd', 1, 'staged')`,
    );
    return ['other-storage', 'old-bucket'];
  },
  'a version with another digest': async () => {
    const { versionId } = await fixture.publish('a version with another digest');
    await fixture.sql(`UPDATE module_versions SET digest = repeat('1', 64) WHERE id = $1`, [versionId]);
    return ['reference-differs', `module_versions ${versionId}`];
  },
  'a version with another size': async () => {
    const { versionId } = await fixture.publish('a version with another size');
    await fixture.sql(`UPDATE module_versions SET size_bytes = 1 WHERE id = $1`, [versionId]);
    return ['reference-differs', `module_versions ${versionId}`];
  },
  'a package with another file name': async () => {
    const { packageId } = provider;
    await fixture.sql(`UPDATE provider_packages SET filename = 'evil.zip' WHERE id = $1`, [packageId]);
    return ['reference-differs', `provider_packages ${packageId}`];
  },
  'checksums that differ from the stored document': async () => {
    const { versionId } = provider;
    await fixture.sql(`UPDATE provider_versions SET shasums = shasums || 'x' WHERE id = $1`, [versionId]);
    return ['document-differs', `provider_versions ${versionId}`];
  },
  'a signature that differs from the stored one': async () => {
    const { versionId } = provider;
    await fixture.sql(`UPDATE provider_versions SET signature = '\\x00' WHERE id = $1`, [versionId]);
    return ['document-differs', `provider_versions ${versionId}`];
  },
  'a deletion that was not finished': async () => {
    await fixture.sql(
      `INSERT INTO artifact_deletions VALUES ('local', 'blobs/unfinished', now() - interval '9 days')`,
    );
    return ['deletion-left', 'blobs/unfinished'];
  },
  'a temporary file that was left behind': async () => {
    const name = newSpoolName('upload');
    const path = join(fixture.config.tempDir, name);
    await mkdir(path, { recursive: true });
    const old = new Date(Date.now() - 9 * DAY);
    await utimes(path, old, old);
    return ['stale-temp-file', name];
  },
};

let provider: Awaited<ReturnType<typeof publishProvider>>;

async function startHealthy(): Promise<void> {
  fixture = await StorageFixture.start();
  provider = await publishProvider();
  for (const content of ['healthy', 'also healthy', 'x'.repeat(3_000_000)]) await fixture.publish(content);
  const { versionId } = await fixture.publish('deleted since');
  await fixture.bury(versionId);
  await fixture.stage('being published');
}

async function findings(): Promise<string[]> {
  const report = await fixture.verify.run();
  return report.findings.map(({ kind, subject }) => `${kind} ${subject}`).sort();
}

describe('verifying the storage', () => {
  describe('finds exactly', () => {
    beforeEach(startHealthy);
    afterEach(() => fixture.stop());

    it.each(Object.entries(CORRUPTIONS))('%s', async (_name, plant) => {
      expect(await findings()).toEqual([]);
      const [kind, subject] = await plant();
      expect(await findings()).toEqual([`${kind} ${subject}`]);
    });
  });

  describe('of a storage', () => {
    beforeAll(startHealthy);
    afterAll(() => fixture.stop());

    it('that is healthy counts what it read and finds nothing', async () => {
      const progress: VerifyProgress[] = [];
      const report = await fixture.verify.run({ onProgress: (step) => progress.push(step) });
      expect(report).toMatchObject({ artifacts: 8, objects: 8, findings: [] });
      expect(report.bytes).toBeGreaterThan(3_000_000);
      expect(progress.at(-1)).toEqual({ artifacts: 8, bytes: report.bytes, findings: 0 });
      expect(formatVerifyReport(report)).toMatch(/^8 artifacts and 8 objects checked, .*: nothing wrong$/);
    });

    it('that cannot be reached reports nothing about it, and says so', async () => {
      const broken = await StorageFixture.start();
      await broken.publish('x');
      await rm(broken.config.localBasePath, { recursive: true });
      const report = await broken.verify.run();
      expect(report).toMatchObject({
        findings: [],
        storages: [{ storage: 'local', problem: expect.any(String) }],
      });
      expect(isIncomplete(report)).toBe(true);
      expect(formatVerifyReport(report)).toMatch(
        /^local could not be read: .*\n.*nothing wrong in what was read$/,
      );
      await broken.stop();
    });

    it('ends when it is told to', async () => {
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(fixture.verify.run({ signal })).rejects.toThrow('enough');
    });

    it('with every damage at once finds each of them, and can be found to miss none', async () => {
      const planted: string[] = [];
      for (const plant of Object.values(CORRUPTIONS)) planted.push((await plant()).join(' '));
      expect(await findings()).toEqual(planted.sort());
      expect(planted.length).toBeGreaterThanOrEqual(12);
      const report = await fixture.verify.run();
      const text = formatVerifyReport(report);
      for (const kind of Object.keys(FINDING_KINDS)) expect(text, kind).toContain(`${kind}: `);
      expect(text.split('\n').at(-1)).toContain(`${planted.length} findings`);
    });
  });

  describe('of several storages', () => {
    const second = new MemoryObjectStore();
    beforeAll(async () => {
      fixture = await StorageFixture.start();
      fixture.storages.put('second', second);
      for (const content of ['one', 'two']) await fixture.publish(content);
      for (const content of ['three', 'four', 'five']) await fixture.publish(content, 'second');
    });
    afterAll(() => fixture.stop());

    it('reads all of them, or the one that is named', async () => {
      const all = await fixture.verify.run();
      expect(all.findings).toEqual([]);
      expect(all.storages).toMatchObject([
        { storage: 'local', artifacts: 2, objects: 2 },
        { storage: 'second', artifacts: 3, objects: 3 },
      ]);
      expect(all).toMatchObject({ artifacts: 5, objects: 5 });
      expect(await fixture.verify.run({ storage: 'second' })).toMatchObject({ artifacts: 3, objects: 3 });
    });

    it('goes on when one of them cannot be reached', async () => {
      second.failWith(new Error('down'));
      const { key } = await fixture.publish('lost');
      await rm(fixture.fileOf(key));
      const report = await fixture.verify.run();
      second.failWith(undefined);
      expect(report.findings).toMatchObject([{ kind: 'missing-blob', subject: key.path, storage: 'local' }]);
      expect(report.storages).toMatchObject([
        { artifacts: 3 },
        { storage: 'second', problem: expect.any(String) },
      ]);
      expect(isIncomplete(report)).toBe(true);
    });

    it('says in which storage something is wrong', async () => {
      const { path } = fixture.keyOf('three');
      await second.delete(path);
      expect((await fixture.verify.run({ storage: 'second' })).findings).toEqual([
        { kind: 'missing-blob', subject: path, storage: 'second' },
      ]);
      await second.put(path, Buffer.from('three'));
    });
  });
});
