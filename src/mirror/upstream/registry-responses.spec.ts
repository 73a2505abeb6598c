import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Platform } from '../../kernel/terraform/platform.js';
import { MirrorFailure } from '../domain/mirror.errors.js';
import { parseListing, parseObject, parsePackageDocument, parseProviderPage } from './registry-responses.js';

const url = new URL('https://registry.example.com/v1/providers/acme/widget/versions');
const origin = { url, what: 'the answer' };
const wanted = {
  name: { namespace: 'acme', type: 'widget' },
  version: '1.2.0',
  platform: Platform.parseKey('linux_amd64'),
};
const HONEST = {
  protocols: ['5', '6.0'],
  os: 'linux',
  arch: 'amd64',
  filename: 'terraform-provider-widget_1.2.0_linux_amd64.zip',
  download_url: 'zip',
  shasums_url: '/sums',
  shasums_signature_url: 'https://files.example.com/sums.sig',
  shasum: 'A'.repeat(64),
  signing_keys: { gpg_public_keys: [{ ascii_armor: 'key' }, { ascii_armor: 7 }, null, 'x'] },
};

/** Any JSON, and JSON that looks almost right. */
const nearlyRight = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.jsonValue(),
    fc.constantFrom(
      '1.0.0',
      'v1',
      '../x',
      'linux',
      'amd64',
      'acme',
      '5.0',
      'file:///etc/passwd',
      '\u0000',
      1e308,
      -1,
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(
    fc.constantFrom(
      'versions', 'version', 'platforms', 'os', 'arch', 'protocols', 'providers', 'namespace', 'name', 'meta',
      'next_offset', 'filename', 'shasum', 'download_url', 'shasums_url', 'signing_keys', 'gpg_public_keys', '__proto__',
    ), // prettier-ignore
    tie('value'),
    { maxKeys: 8 },
  ),
})).object as fc.Arbitrary<Record<string, unknown>>;

const printableAscii = /^[\x20-\x7e…]*$/;

describe('answers of an upstream', () => {
  it('are read or refused with a named failure, whatever they are (F16, 20 000 documents)', () => {
    const parsers = [
      (document: Record<string, unknown>) => parseListing(document, origin),
      (document: Record<string, unknown>) => parseProviderPage(document, origin),
      (document: Record<string, unknown>) => parsePackageDocument(document, wanted, origin),
      (document: Record<string, unknown>) => parsePackageDocument({ ...HONEST, ...document }, wanted, origin),
    ];
    fc.assert(
      fc.property(nearlyRight, (document) => {
        for (const parse of parsers) {
          try {
            const read = parse(document);
            const lines = 'unreadable' in read ? read.unreadable : [];
            for (const { what, reason } of lines) expect(`${what}${reason}`).toMatch(printableAscii);
          } catch (error) {
            expect(error).toBeInstanceOf(MirrorFailure);
            expect((error as Error).message).toMatch(printableAscii);
          }
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('describe a package when they are complete', () => {
    expect(parsePackageDocument(HONEST, wanted, origin)).toMatchObject({
      digest: 'a'.repeat(64),
      protocols: ['5.0', '6.0'],
      downloadUrl: new URL('https://registry.example.com/v1/providers/acme/widget/zip'),
      shasumsUrl: new URL('https://registry.example.com/sums'),
      signatureUrl: new URL('https://files.example.com/sums.sig'),
      keys: ['key'],
    });
    for (const protocols of [undefined, null, []]) {
      expect(parsePackageDocument({ ...HONEST, protocols }, wanted, origin).protocols).toEqual(['5.0']);
    }
  });

  it.each([
    'http://registry.example.com/zip', 'file:///etc/passwd', 'https://user:pw@registry.example.com/zip',
    'javascript:alert(1)', 'data:,x', 'https://[', '', null, 7, `https://x.test/${'a'.repeat(9000)}`,
  ])('never lead to %j', (address) => {
    for (const field of ['download_url', 'shasums_url', 'shasums_signature_url']) {
      expect(() => parsePackageDocument({ ...HONEST, [field]: address }, wanted, origin)).toThrow(field);
    }
  }); // prettier-ignore

  it('are JSON objects in UTF-8', () => {
    const parse = (text: string | Buffer) => parseObject(Buffer.from(text as string), origin);
    expect(parse('\uFEFF{"a":1}')).toEqual({ a: 1 });
    for (const text of [
      '',
      '{',
      '[]',
      'null',
      '"x"',
      '7',
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    ]) {
      expect(() => parse(text)).toThrow(/no JSON/);
    }
    expect(() => parse(' <html>')).toThrow('web page');
    expect(() => parse('['.repeat(100_000))).toThrow(/no JSON/);
  });

  it('have limits to their length', () => {
    const versions = (count: number) => ({
      versions: Array.from({ length: count }, () => ({ version: '1.0.0' })),
    });
    expect(parseListing(versions(20_000), origin).versions).toHaveLength(20_000);
    expect(() => parseListing(versions(20_001), origin)).toThrow('more than 20000 entries');
    const bad = { versions: Array.from({ length: 150 }, () => ({ version: 'no' })) };
    expect(parseListing(bad, origin).unreadable).toHaveLength(100);
    const platforms = Array.from({ length: 201 }, (_one, at) => ({ os: `os${at}`, arch: 'amd64' }));
    const { versions: listed, unreadable } = parseListing(
      { versions: [{ version: '1.0.0', platforms }] },
      origin,
    );
    expect([listed[0]?.platforms.length, unreadable.length]).toEqual([200, 1]);
    expect(parseListing({ versions: null }, origin)).toEqual({ versions: [], unreadable: [] });
  });
});
