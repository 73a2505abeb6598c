import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Shasums } from './shasums.js';
import { InvalidShasums } from './terraform.errors.js';

const A = 'a'.repeat(64);
const B = '0123456789abcdef'.repeat(4);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
const filename = fc.stringMatching(/^[0-9A-Za-z_][0-9A-Za-z._-]{0,40}$/);
const listing = fc.uniqueArray(fc.tuple(filename, digest), {
  selector: ([name]) => name,
  minLength: 1,
  maxLength: 8,
});

describe('a SHA256SUMS document', () => {
  it('is read line by line', () => {
    const document = `${A}  terraform-provider-x_1.0.0_linux_amd64.zip\n${B}  terraform-provider-x_1.0.0_manifest.json\n`;
    expect([...Shasums.parse(Buffer.from(document)).entries]).toEqual([
      ['terraform-provider-x_1.0.0_linux_amd64.zip', A],
      ['terraform-provider-x_1.0.0_manifest.json', B],
    ]);
  });

  it('is written sorted by file name', () => {
    expect(
      Shasums.format(
        new Map([
          ['b.zip', A],
          ['a.zip', B],
        ]),
      ),
    ).toBe(`${B}  a.zip\n${A}  b.zip\n`);
  });

  it.each([
    ['a blank line in the middle', `${A}  a.zip\n\n${B}  b.zip\n`, /line 2 is blank/],
    ['a blank line at the end', `${A}  a.zip\n\n`, /line 2 is blank/],
    ['a line of spaces', `${A}  a.zip\n   \n`, /line 2 is blank/],
    ['a binary marker', `${A} *a.zip\n`, /\* before the file name/],
    ['a dot folder', `${A}  ./a.zip\n`, /folder/],
    ['a folder', `${A}  dist/a.zip\n`, /folder/],
    ['a parent folder', `${A}  ../a.zip\n`, /folder/],
    ['a backslash', `${A}  dist\\a.zip\n`, /folder/],
    ['carriage returns', `${A}  a.zip\r\n`, /carriage return/],
    ['a byte order mark', `\uFEFF${A}  a.zip\n`, /byte order mark/],
    ['upper-case digits', `${A.toUpperCase()}  a.zip\n`, /upper-case/],
    ['one space', `${A} a.zip\n`, /is not/],
    ['three spaces', `${A}   a.zip\n`, /is not/],
    ['a tab', `${A}\ta.zip\n`, /is not/],
    ['63 digits', `${A.slice(1)}  a.zip\n`, /is not/],
    ['65 digits', `${A}a  a.zip\n`, /is not/],
    ['a space in the name', `${A}  a b.zip\n`, /is not/],
    ['a space after the name', `${A}  a.zip \n`, /is not/],
    ['a NUL', `${A}  a\0.zip\n`, /is not/],
    ['a name outside ASCII', `${A}  ä.zip\n`, /is not/],
    ['a comment', `# sums\n${A}  a.zip\n`, /line 1 is not/],
    ['a name that is an option', `${A}  -a.zip\n`, /is not/],
    ['a name listed twice', `${A}  a.zip\n${B}  a.zip\n`, /line 2 lists a.zip a second time/],
    ['the same line twice', `${A}  a.zip\n${A}  a.zip\n`, /second time/],
    ['no line feed at the end', `${A}  a.zip`, /line feed/],
    ['nothing', '', /empty/],
    ['a line feed alone', '\n', /blank/],
    ['10 MB', `${A}  a.zip\n`.repeat(140_000), /1 MiB/],
  ])('with %s is refused (checklist 77, threat E3)', (_case, document, reason) => {
    for (const form of [document, Buffer.from(document)]) {
      expect(() => Shasums.parse(form)).toThrow(InvalidShasums);
      expect(() => Shasums.parse(form)).toThrow(reason);
      expect(() => Shasums.parse(form)).toThrow(/^Invalid checksums: /);
    }
  });

  it('round-trips', () => {
    fc.assert(
      fc.property(listing, (entries) => {
        const document = Shasums.format(entries);
        expect(new Map(Shasums.parse(document).entries)).toEqual(new Map(entries));
        expect(Shasums.format(Shasums.parse(document).entries)).toBe(document);
      }),
      { numRuns: 500 },
    );
  });

  it('changed in one byte is refused or says exactly what its bytes say, 5,000 times (threat E3)', () => {
    fc.assert(
      fc.property(listing, fc.nat(), fc.integer({ min: 0, max: 255 }), (entries, at, byte) => {
        const bytes = Buffer.from(Shasums.format(entries));
        bytes[at % bytes.length] = byte;
        let parsed: Shasums | undefined;
        try {
          parsed = Shasums.parse(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidShasums);
        }
        const written = [...(parsed?.entries ?? [])].map(([name, sum]) => `${sum}  ${name}\n`).join('');
        expect(parsed === undefined || written === bytes.toString('latin1')).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});
