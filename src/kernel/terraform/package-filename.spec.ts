import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastCpuMs } from '../../../test/support/cpu-time.js';
import { packageFilename, parsePackageFilename, shasumsFilename } from './package-filename.js';
import { Platform } from './platform.js';

const type = fc.stringMatching(/^[0-9a-z]([0-9a-z-]{0,10}[0-9a-z])?$/);
const version = fc
  .tuple(fc.nat({ max: 99 }), fc.nat({ max: 99 }), fc.constantFrom('', '-rc.1', '-beta-2'))
  .map(([a, b, pre]) => `${a}.${b}.0${pre}`);
const part = fc.stringMatching(/^[a-z0-9]{1,8}$/);

describe('the name of a provider package', () => {
  it('is the one of the protocol (checklist 73)', () => {
    const platform = Platform.parse({ os: 'linux', arch: 'amd64' });
    expect(packageFilename('my-cloud', '1.0.0', platform)).toBe(
      'terraform-provider-my-cloud_1.0.0_linux_amd64.zip',
    );
    expect(shasumsFilename('my-cloud', '1.0.0')).toBe('terraform-provider-my-cloud_1.0.0_SHA256SUMS');
  });

  it('can be read back', () => {
    fc.assert(
      fc.property(type, version, part, part, (aType, aVersion, os, arch) => {
        const platform = Platform.parse({ os, arch });
        expect(parsePackageFilename(packageFilename(aType, aVersion, platform))).toEqual({
          type: aType,
          version: aVersion,
          platform,
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    '',
    'terraform-provider-x_1.0.0_linux_amd64',
    'terraform-provider-x_1.0.0_linux_amd64.zip.sig',
    'terraform-provider-x_1.0.0_linux_amd64.ZIP',
    'terraform-provider-x_v1.0.0_linux_amd64.zip',
    'terraform-provider-x_1.0_linux_amd64.zip',
    'terraform-provider-x_1.0.0_linux.zip',
    'terraform-provider-x_1.0.0_linux_amd64_v1.zip',
    'terraform-provider-_1.0.0_linux_amd64.zip',
    'terraform-provider--x_1.0.0_linux_amd64.zip',
    'terraform-provider-X_1.0.0_linux_amd64.zip',
    'dir/terraform-provider-x_1.0.0_linux_amd64.zip',
    '../terraform-provider-x_1.0.0_linux_amd64.zip',
    'terraform-provider-x_1.0.0_Linux_amd64.zip',
    'terraform-provider-x_1.0.0_linux_amd64.zip\n',
    'terraform-module-x_1.0.0_linux_amd64.zip',
    'terraform-provider-x_1.0.0_manifest.json',
  ])('is not %j (threat E4)', (name) => {
    expect(parsePackageFilename(name)).toBeUndefined();
  });

  it('is not a text of 1 MB, and that is found in under 5 ms', () => {
    for (const text of [
      'terraform-provider-'.repeat(50_000),
      `terraform-provider-${'a_'.repeat(500_000)}.zip`,
    ]) {
      const ms = leastCpuMs(() => {
        expect(parsePackageFilename(text)).toBeUndefined();
      });
      expect(ms).toBeLessThan(5);
    }
  });
});
