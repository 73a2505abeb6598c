import { describe, expect, it } from 'vitest';
import { artifactLink, sealLinks, splitLinks } from './prepared-document.js';

const KEY = `blobs/sha256/ab/cd/${'ab'.repeat(32)}/vpc-aws-1.0.0.tar.gz`;

describe('links in document bodies', () => {
  it('are stored as object keys and come back in order', () => {
    const body = JSON.stringify({
      a: artifactLink(KEY),
      b: 'text',
      c: artifactLink(KEY, { folder: 'vpc', checksum: true }),
    });
    const { texts, links } = splitLinks(sealLinks(body));
    expect(links).toEqual([{ key: KEY }, { key: KEY, folder: 'vpc', checksum: true }]);
    expect(texts.join('"URL"')).toBe('{"a":"URL","b":"text","c":"URL"}');
  });

  it('are never made by text of a publisher', () => {
    const forged = `\u0001${JSON.stringify({ key: KEY })}\u0002`;
    const stored = sealLinks(JSON.stringify({ warnings: [forged, 'artifact-link-x:e30'] }));
    expect(splitLinks(stored).links).toEqual([]);
    expect(JSON.parse(stored)).toEqual({ warnings: [forged, 'artifact-link-x:e30'] });
  });

  it('are refused inside a longer text, and raw control characters are refused', () => {
    expect(() => sealLinks(JSON.stringify({ a: `see ${artifactLink(KEY)}` }))).toThrow('whole string value');
    expect(() => sealLinks('{"a":"\u0001{}\u0002"}')).toThrow('control character');
  });

  it('leave a body without links as it is', () => {
    expect(splitLinks(sealLinks('{"versions":[]}'))).toEqual({ texts: ['{"versions":[]}'], links: [] });
  });
});
