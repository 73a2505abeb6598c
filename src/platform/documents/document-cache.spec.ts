import { describe, expect, it } from 'vitest';
import { DocumentCache } from './document-cache.js';
import { HeldDocument } from './held-document.js';
import type { LinkRenderer } from './link-renderer.js';

const LIMITS = { maxBytes: 1_000_000, maxEntries: 10, maxAbsent: 3, absentForMs: 5_000 };

function held(path: string, generation = 1, subject = `subject of ${path}`, body = '{}'): HeldDocument {
  const document = {
    path,
    subject,
    generation,
    namespace: 'a',
    scope: 'modules:read',
    visibility: null,
  } as const;
  return new HeldDocument(
    { ...document, status: 200, etag: 'e', body, download: null, artifactKeys: [] },
    undefined as unknown as LinkRenderer,
  );
}

function load(cache: DocumentCache, document: HeldDocument): boolean {
  const ticket = cache.beginLoad();
  const isKept = cache.keepLoaded(ticket, document);
  cache.endLoad(ticket);
  return isKept;
}

describe('the document cache', () => {
  it('is bounded by entries, and what is used stays', () => {
    const cache = new DocumentCache(LIMITS);
    for (let index = 0; index < 10; index += 1) load(cache, held(`/${index}`));
    cache.find('/0');
    for (let index = 10; index < 15; index += 1) {
      load(cache, held(`/${index}`));
      cache.find('/0');
    }
    expect(cache.size.documents).toBe(10);
    expect(cache.find('/0')).toBeDefined();
    expect(cache.find('/1')).toBeUndefined();
  });

  it('is bounded by bytes, and returns to nothing', () => {
    const cache = new DocumentCache(LIMITS);
    for (let index = 0; index < 10; index += 1)
      load(cache, held(`/${index}`, 1, `s${index}`, 'x'.repeat(100_000)));
    expect(cache.size.bytes).toBeLessThanOrEqual(LIMITS.maxBytes);
    expect(cache.size.documents).toBe(2);
    load(cache, held('/huge', 1, 'huge', 'x'.repeat(1_000_000)));
    expect(cache.find('/huge')).toBeUndefined();
    for (const { subject } of cache.generations()) cache.dropSubject(subject);
    expect(cache.size).toEqual({ documents: 0, bytes: 0, absent: 0 });
  });

  it('remembers a bounded number of absent paths', () => {
    const cache = new DocumentCache(LIMITS);
    for (const path of ['/1', '/2', '/3', '/4']) cache.keepAbsent(cache.beginLoad(), path);
    expect(cache.size.absent).toBe(3);
    expect(cache.isAbsent('/1')).toBe(false);
    expect(cache.isAbsent('/4')).toBe(true);
  });

  it('forgets absent paths after their time', async () => {
    const cache = new DocumentCache({ ...LIMITS, absentForMs: 20 });
    cache.keepAbsent(cache.beginLoad(), '/1');
    expect(cache.isAbsent('/1')).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(cache.isAbsent('/1')).toBe(false);
  });

  it('refuses a load that is older than what it has heard of meanwhile', () => {
    const cache = new DocumentCache(LIMITS);
    const ticket = cache.beginLoad();
    cache.learn({ subject: 's', generation: 2 });
    expect(cache.keepLoaded(ticket, held('/1', 1, 's'))).toBe(false);
    expect(cache.keepAbsent(ticket, '/2')).toBe(false);
    expect(cache.keepLoaded(ticket, held('/1', 2, 's'))).toBe(true);
    cache.endLoad(ticket);
    expect(load(cache, held('/1', 1, 's'))).toBe(false);
    expect(cache.find('/1')?.document.generation).toBe(2);
  });

  it('drops the other documents of a subject when one is loaded in a newer generation', () => {
    const cache = new DocumentCache(LIMITS);
    load(cache, held('/1', 1, 's'));
    load(cache, held('/2', 2, 's'));
    expect(cache.find('/1')).toBeUndefined();
    expect(cache.generations()).toEqual([{ subject: 's', generation: 2 }]);
  });

  it('ignores old news', () => {
    const cache = new DocumentCache(LIMITS);
    load(cache, held('/1', 5, 's'));
    cache.learn({ subject: 's', generation: 4 }, { changed: [held('/1', 4, 's')], removed: ['/1'] });
    expect(cache.find('/1')?.document.generation).toBe(5);
  });

  it('keeps what a committed change did not touch, only when nothing is missing in between', () => {
    const cache = new DocumentCache(LIMITS);
    load(cache, held('/1', 1, 's'));
    cache.learn({ subject: 's', generation: 2 }, { changed: [held('/2', 2, 's')], removed: [] });
    expect(cache.find('/1')).toBeDefined();
    cache.learn({ subject: 's', generation: 4 }, { changed: [held('/3', 4, 's')], removed: [] });
    expect(cache.find('/1')).toBeUndefined();
    expect(cache.find('/3')).toBeDefined();
  });

  it('replaces what is held with one of many changes, and leaves the rest to whoever asks for it', () => {
    const cache = new DocumentCache(LIMITS);
    load(cache, held('/list', 1, 's'));
    cache.keepAbsent(cache.beginLoad(), '/new');
    const changed = [held('/list', 2, 's'), held('/new', 2, 's')];
    cache.learn({ subject: 's', generation: 2 }, { changed, removed: [], isBulk: true });
    expect(cache.find('/list')?.document.generation).toBe(2);
    expect(cache.find('/new')).toBeUndefined();
    expect(cache.isAbsent('/new')).toBe(false);
  });

  it('refuses everything in flight when news may have been missed', () => {
    const cache = new DocumentCache(LIMITS);
    const ticket = cache.beginLoad();
    cache.keepAbsent(cache.beginLoad(), '/absent');
    cache.distrust();
    expect(cache.isAbsent('/absent')).toBe(false);
    expect(cache.keepLoaded(ticket, held('/1'))).toBe(false);
  });
});
