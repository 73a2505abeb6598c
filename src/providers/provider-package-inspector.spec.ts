import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { ArchiveFiles } from '../../test/support/archives/archive-files.js';
import { rejectionOf } from '../../test/support/archives/rejection.js';
import { buildZip, type ZipFileOptions } from '../../test/support/archives/zip-builder.js';
import { LimitsConfig } from '../config/limits.config.js';
import { ProviderPackageInspector } from './provider-package-inspector.js';

const files = new ArchiveFiles();
afterAll(() => files.remove());

const linux = { type: 'my-cloud', version: '1.0.0', os: 'linux' };
const windows = { ...linux, os: 'windows' };
const program = (name: string, more: Partial<ZipFileOptions> = {}): ZipFileOptions => ({
  name,
  content: 'binary',
  mode: 0o100755,
  ...more,
});

function inspect(zip: readonly ZipFileOptions[], target = linux, limits = new LimitsConfig()) {
  return new ProviderPackageInspector(limits).inspect(files.write(buildZip(zip)), target);
}

const refusal = (zip: readonly ZipFileOptions[], target = linux, limits = new LimitsConfig()) =>
  rejectionOf(inspect(zip, target, limits).then((found) => ({ entries: [found] })));

describe('inspecting a provider package', () => {
  it('returns the h1 of its files (checklist 90)', async () => {
    const digest = createHash('sha256').update('binary').digest('hex');
    const h1 = createHash('sha256')
      .update(`${digest}  terraform-provider-my-cloud_v1.0.0\n`)
      .digest('base64');
    expect(await inspect([program('terraform-provider-my-cloud_v1.0.0')])).toEqual({ h1: `h1:${h1}` });
  });

  it.each([
    'terraform-provider-my-cloud',
    'terraform-provider-my-cloud_v1.0.0',
    'terraform-provider-my-cloud_v1.0.0_x5',
    'terraform-provider-my-cloud_v1.0',
    'terraform-provider-my-cloud_1.0.0',
    'terraform-provider-my-cloud_custom',
    'terraform-provider-my-cloud.bin',
  ])('accepts the program %s (checklist 89)', async (name) => {
    await expect(inspect([program('LICENSE', { mode: 0o100644 }), program(name)])).resolves.toHaveProperty(
      'h1',
    );
  });

  it.each([
    'terraform-provider-other_v1.0.0',
    'terraform-provider-my-cloudy_v1.0.0',
    'terraform-provider-my-cloud-extra',
    'bin/terraform-provider-my-cloud_v1.0.0',
    'Terraform-provider-my-cloud',
    'my-cloud',
  ])('refuses a package whose program is %s (checklist 89, E4)', async (name) => {
    expect(await refusal([program(name)])).toMatch(/there is no file terraform-provider-my-cloud/);
  });

  it.each([
    'terraform-provider-my-cloud_v2.0.0',
    'terraform-provider-my-cloud_v1.0.0-rc.1',
    'terraform-provider-my-cloud_v1.0.1_x5',
  ])('refuses a program that says it is another version: %s (E4)', async (name) => {
    expect(await refusal([program(name)])).toMatch(/not 1\.0\.0; publish it as/);
  });

  it('demands the executable bit, except of an .exe for Windows (checklist 89)', async () => {
    const plain = { mode: 0o100644 };
    expect(await refusal([program('terraform-provider-my-cloud_v1.0.0', plain)])).toMatch(
      /no executable bit/,
    );
    expect(await refusal([program('terraform-provider-my-cloud_v1.0.0', { madeOn: 0 })])).toMatch(
      /no executable bit/,
    );
    expect(await refusal([program('terraform-provider-my-cloud_v1.0.0', plain)], windows)).toMatch(
      /executable bit/,
    );
    expect(await refusal([program('terraform-provider-my-cloud_v1.0.0.exe', plain)])).toMatch(
      /no executable bit/,
    );
    await expect(
      inspect([program('terraform-provider-my-cloud_v1.0.0.exe', plain)], windows),
    ).resolves.toHaveProperty('h1');
  });

  it('looks at the file that the client would start, the first by name', async () => {
    const first = program('terraform-provider-my-cloud', { mode: 0o100644 });
    expect(await refusal([program('terraform-provider-my-cloud_v1.0.0'), first])).toMatch(
      /"terraform-provider-my-cloud" has no/,
    );
  });

  it('refuses what archives refuse, directory entries among it (checklist 89)', async () => {
    const directory = { name: 'docs/', method: 0 as const };
    expect(await refusal([directory, program('terraform-provider-my-cloud')])).toMatch(/zip -D/);
  });

  it('keeps the configured limit', async () => {
    const limits = { ...new LimitsConfig(), providerMaxBytes: 20 };
    expect(await refusal([program('terraform-provider-my-cloud')], linux, limits)).toMatch(
      /larger than 20 bytes/,
    );
  });
});
