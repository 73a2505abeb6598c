import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModuleAddress } from '../kernel/terraform/module-address.js';
import { ArtifactKey } from './artifact-key.js';

const DIGEST = '0123456789abcdef'.repeat(4);
const FOLDER = `blobs/sha256/01/23/${DIGEST}`;
const address = ModuleAddress.parse({ namespace: 'acme', name: 'vpc', system: 'aws' });

describe('an artifact key', () => {
  it.each<[string, ArtifactKey, string, string]>([
    ['a module', ArtifactKey.module(DIGEST, address, '1.2.3'), 'vpc-aws-1.2.3.tar.gz', 'application/gzip'],
    [
      'a provider package',
      ArtifactKey.providerPackage(DIGEST, 'terraform-provider-cloud_1.0.0_linux_amd64.zip'),
      'terraform-provider-cloud_1.0.0_linux_amd64.zip',
      'application/zip',
    ],
    [
      'a checksum document',
      ArtifactKey.shasums(DIGEST, 'cloud', '1.0.0'),
      'terraform-provider-cloud_1.0.0_SHA256SUMS',
      'text/plain',
    ],
    [
      'its signature',
      ArtifactKey.shasumsSignature(DIGEST, 'cloud', '1.0.0'),
      'terraform-provider-cloud_1.0.0_SHA256SUMS.sig',
      'application/octet-stream',
    ],
    [
      'something else',
      ArtifactKey.providerPackage(DIGEST, 'terraform_1.5.0_darwin.pkg'),
      'terraform_1.5.0_darwin.pkg',
      'application/octet-stream',
    ],
  ])('of %s', (_name, key, filename, contentType) => {
    expect(key).toMatchObject({ path: `${FOLDER}/${filename}`, digest: DIGEST, filename, contentType });
    expect(ArtifactKey.parse(key.path)).toEqual(key);
  });

  it('may have a name that is not ASCII', () => {
    expect(ArtifactKey.parse(`${FOLDER}/モジュール-ü.tar.gz`)?.filename).toBe('モジュール-ü.tar.gz');
  });

  it.each([
    '',
    'blobs/sha256',
    `${FOLDER}/`,
    `${FOLDER}/a/b`,
    `/${FOLDER}/a.zip`,
    `${FOLDER}/..`,
    `${FOLDER}/.hidden`,
    `${FOLDER}/a\\b`,
    `${FOLDER}/a\nb`,
    `${FOLDER}/${'n'.repeat(256)}`,
    `blobs/sha256/02/23/${DIGEST}/a.zip`,
    `blobs/sha256/01/24/${DIGEST}/a.zip`,
    `blobs/sha256/01/23/${DIGEST.slice(1)}/a.zip`,
    `blobs/sha256/01/23/${DIGEST}0/a.zip`,
    `blobs/sha256/AB/CD/${'ABCD'.repeat(16)}/a.zip`,
    `blobs/md5/01/23/${DIGEST}/a.zip`,
    `x${FOLDER}/a.zip`,
    `${FOLDER}/a.zip\n`,
  ])('is not %j', (text) => {
    expect(ArtifactKey.parse(text)).toBeUndefined();
  });

  it.each(['', 'a/b', '../up', '.', 'a\u0000'])('is never made of the file name %j', (filename) => {
    expect(() => ArtifactKey.providerPackage(DIGEST, filename)).toThrow('not a path');
  });

  it('is never made of something that is no digest', () => {
    expect(() => ArtifactKey.providerPackage('../../../etc', 'passwd')).toThrow('not a path');
  });

  it('of other text never leaves the folder of its digest', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const key = ArtifactKey.parse(`${FOLDER}/${name}`);
        return key === undefined || (key.path === `${FOLDER}/${name}` && !/[/\\]|^\.\.?$/.test(name));
      }),
    );
  });
});
