import { describe, expect, it } from 'vitest';
import { ServerConfig } from '../../config/server.config.js';
import { Clock } from '../../kernel/clock.js';
import { HeldDocument } from './held-document.js';
import { LinkRenderer, type LinkSource, type WantedLink } from './link-renderer.js';
import { artifactLink, sealLinks } from './prepared-document.js';
import type { StoredDocument } from './stored-document.js';

const DIGEST = '0123456789abcdef'.repeat(4);
const KEY = `blobs/sha256/01/23/${DIGEST}/vpc-aws-1.0.0.tar.gz`;

const DOWNLOAD: StoredDocument = {
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
  artifactKeys: [KEY],
};

class SetClock extends Clock {
  ms = 1_000_000;
  now(): Date {
    return new Date(this.ms);
  }
}

function rendererWith(path: (key: string, ms: number) => string) {
  const clock = new SetClock();
  const source: LinkSource = {
    downloadUrl: async ({ keyPath }) => {
      const url = path(keyPath, clock.ms);
      return { url, expiresAtMs: clock.ms + 900_000, acceptsParameters: url.startsWith('/') };
    },
  };
  const server = Object.assign(new ServerConfig(), { baseUrl: 'https://registry.example.com/' });
  return { clock, renderer: new LinkRenderer(source, server, clock) };
}

const own = (key: string, ms: number) => `/v1/files/${key}?expires=${ms}&signature=s`;

describe('rendering links', () => {
  it('makes absolute URLs of this server with a checksum where asked for (checklist 46, 47, 48)', async () => {
    const { renderer } = rendererWith(own);
    const { urls } = await renderer.render([{ key: KEY }, { key: KEY, checksum: true }], true);
    const signed = `https://registry.example.com/v1/files/${KEY}?expires=1000000&signature=s`;
    expect(urls).toEqual([signed, `${signed}&checksum=sha256:${DIGEST}`]);
  });

  it('names the top folder after the archive and before the query (checklist 50, 51)', async () => {
    const { renderer } = rendererWith(own);
    const { urls } = await renderer.render([{ key: KEY, folder: 'vpc-1.0.0', checksum: true }], true);
    expect(urls).toEqual([
      `https://registry.example.com/v1/files/${KEY}//vpc-1.0.0?expires=1000000&signature=s&checksum=sha256:${DIGEST}`,
    ]);
  });

  it('adds no query parameter to a URL that a storage backend has signed (checklist 48)', async () => {
    const { renderer } = rendererWith((key) => `https://bucket.example.com/${key}?X-Signature=s`);
    const { urls } = await renderer.render([{ key: KEY, checksum: true }], true);
    expect(urls).toEqual([`https://bucket.example.com/${KEY}?X-Signature=s`]);
  });

  it('shares a rendering until a third of the life of its links has passed (checklist 20)', async () => {
    const { renderer, clock } = rendererWith(own);
    const held = new HeldDocument(DOWNLOAD, renderer);
    expect(held.rendered()).toBeUndefined();
    const first = await held.refresh();
    clock.ms += 299_999;
    expect(held.rendered()).toBe(first);
    clock.ms += 1;
    expect(held.rendered()).toBeUndefined();
    expect(await held.refresh()).not.toBe(first);
  });

  it('tells the first rendering where the objects are, and lets later ones find out', async () => {
    const asked: WantedLink[] = [];
    const clock = new SetClock();
    const source: LinkSource = {
      downloadUrl: async (link) => {
        asked.push(link);
        return { url: `https://bucket.example.com/${link.keyPath}`, expiresAtMs: clock.ms + 900_000 };
      },
    };
    const held = new HeldDocument(
      { ...DOWNLOAD, visibility: 'private', storages: ['s3'] },
      new LinkRenderer(source, new ServerConfig(), clock),
    );
    await Promise.all([held.refresh(), held.refresh()]);
    clock.ms += 300_000;
    await held.refresh();
    expect(asked).toEqual([
      { keyPath: KEY, storage: 's3', isPublic: false },
      { keyPath: KEY, storage: undefined, isPublic: false },
    ]);
  });
});
