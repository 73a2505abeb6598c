import { describe, expect, it } from 'vitest';
import { ServerConfig } from '../../config/server.config.js';
import { Clock } from '../../kernel/clock.js';
import { HeldDocument } from './held-document.js';
import { LinkRenderer, type LinkSource } from './link-renderer.js';
import { artifactLink, sealLinks } from './prepared-document.js';

const DIGEST = '0123456789abcdef'.repeat(4);
const KEY = `blobs/sha256/01/23/${DIGEST}/vpc-aws-1.0.0.tar.gz`;

class SetClock extends Clock {
  ms = 1_000_000;
  now(): Date {
    return new Date(this.ms);
  }
}

function rendererWith(path: (key: string, ms: number) => string) {
  const clock = new SetClock();
  const source: LinkSource = {
    downloadUrl: (key) => ({ path: path(key, clock.ms), expiresAtMs: clock.ms + 900_000 }),
  };
  const server = Object.assign(new ServerConfig(), { baseUrl: 'https://registry.example.com/' });
  return { clock, renderer: new LinkRenderer(source, server, clock) };
}

const own = (key: string, ms: number) => `/v1/files/${key}?expires=${ms}&signature=s`;

describe('rendering links', () => {
  it('makes absolute URLs of this server with a checksum where asked for (checklist 46, 47, 48)', () => {
    const { renderer } = rendererWith(own);
    const { urls } = renderer.render([{ key: KEY }, { key: KEY, checksum: true }]);
    const signed = `https://registry.example.com/v1/files/${KEY}?expires=1000000&signature=s`;
    expect(urls).toEqual([signed, `${signed}&checksum=sha256:${DIGEST}`]);
  });

  it('names the top folder after the archive and before the query (checklist 50, 51)', () => {
    const { renderer } = rendererWith(own);
    expect(renderer.render([{ key: KEY, folder: 'vpc-1.0.0', checksum: true }]).urls).toEqual([
      `https://registry.example.com/v1/files/${KEY}//vpc-1.0.0?expires=1000000&signature=s&checksum=sha256:${DIGEST}`,
    ]);
  });

  it('adds no query parameter to a URL that a storage backend has signed (checklist 48)', () => {
    const { renderer } = rendererWith((key) => `https://bucket.example.com/${key}?X-Signature=s`);
    expect(renderer.render([{ key: KEY, checksum: true }]).urls).toEqual([
      `https://bucket.example.com/${KEY}?X-Signature=s`,
    ]);
  });

  it('shares a rendering until a third of the life of its links has passed (checklist 20)', () => {
    const { renderer, clock } = rendererWith(own);
    const held = new HeldDocument(
      {
        path: '/v1/modules/a/vpc/aws/1.0.0/download',
        subject: 'module:a/vpc/aws',
        generation: 1,
        namespace: 'a',
        scope: 'modules:read',
        visibility: null,
        status: 204,
        etag: 'e',
        body: sealLinks(JSON.stringify({ location: artifactLink(KEY) })),
        download: null,
      },
      renderer,
    );
    const first = held.rendered();
    clock.ms += 299_999;
    expect(held.rendered()).toBe(first);
    clock.ms += 1;
    expect(held.rendered()).not.toBe(first);
  });
});
