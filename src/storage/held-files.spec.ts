import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../kernel/sha256.js';
import { ArtifactKey } from './artifact-key.js';
import { HeldFiles } from './held-files.js';
import { StoredFile } from './stored-file.js';

const fileOf = (content: string) =>
  new StoredFile(ArtifactKey.providerPackage(sha256Hex(content), 'a.zip'), Buffer.from(content));
const [one, two, three] = [fileOf('1'.repeat(40)), fileOf('2'.repeat(40)), fileOf('3'.repeat(40))];

describe('held files', () => {
  it('stay within their bytes; the least recently used goes first', () => {
    const held = new HeldFiles({ maxBytes: 100, maxLinks: 10 });
    held.hold(one);
    held.hold(two);
    expect(held.find(one.key.path)).toBe(one);
    held.hold(three);
    expect(held.bytes).toBe(80);
    expect([one, two, three].map(({ key }) => held.find(key.path))).toEqual([one, undefined, three]);
  });

  it('count a file once, however often it is held', () => {
    const held = new HeldFiles({ maxBytes: 100, maxLinks: 10 });
    held.hold(one);
    held.hold(one);
    expect(held.bytes).toBe(40);
  });

  it('open by a link until it expires', () => {
    const held = new HeldFiles({ maxBytes: 100, maxLinks: 10 });
    held.hold(one);
    held.rememberLink('/url', one.key.path, 1000);
    expect(held.findByLink('/url', 999)).toEqual({ file: one, expiresAtMs: 1000 });
    expect(held.findByLink('/other', 999)).toBeUndefined();
    expect(held.findByLink('/url', 1000)).toBeUndefined();
    expect(held.findByLink('/url', 999)).toBeUndefined();
  });

  it('do not open by a link when the file is no longer held', () => {
    const held = new HeldFiles({ maxBytes: 50, maxLinks: 10 });
    held.hold(one);
    held.rememberLink('/url', one.key.path, 1000);
    held.hold(two);
    expect(held.findByLink('/url', 1)).toBeUndefined();
  });

  it('remember a bounded number of links', () => {
    const held = new HeldFiles({ maxBytes: 100, maxLinks: 2 });
    held.hold(one);
    for (const url of ['/1', '/2', '/3']) held.rememberLink(url, one.key.path, 1000);
    expect(['/1', '/2', '/3'].map((url) => held.findByLink(url, 1) !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
  });
});
