import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StatementCounter } from '../../../../../../src/platform/database/statement-counter.js';
import { ProviderDocumentation } from '../../../../../../src/providers/provider-documentation.service.js';
import { OrphanSweep } from '../../../../../../src/storage/orphan-sweep.service.js';
import { buildZip } from '../../../../../support/archives/zip-builder.js';
import { packTarGz, packZip } from '../../../../../support/build-fixtures.js';
import { aProvider, onPlatform } from '../../../../../support/factories/provider.factory.js';
import type { Answer } from '../../../../../support/http-request.js';
import type { ProviderPublish } from '../../../../../support/publish-client.js';
import { TestApp } from '../../../../../support/test-app.js';
import { expectApiError } from '../../../support/expectations.js';

interface Documentation {
  status: string;
  problems: string[];
  pages: Record<string, string>[];
}

const SERVER_PAGE = `---
page_title: "cloud_server Resource - cloud"
subcategory: Compute
description: |-
  A server
  in the cloud.
---

# cloud_server

See [the image](../data-sources/image.md#reading), [start](/index.md), [old](/docs/providers/cloud/d/image.html),
[nothing](missing.md) and [elsewhere](https://example.com/x).

<script>alert(1)</script>

![shot](../img/shot.png)
`;

const PAGES = [
  { name: 'docs/index.md', data: '# Cloud provider\n' },
  { name: 'docs/resources/server.md', data: SERVER_PAGE },
  { name: 'docs/resources/disk.md', data: 'Disk\n' },
  { name: 'docs/data-sources/image.md', data: '# Images\n\n## Reading\n' },
  { name: 'docs/functions/parse.md', data: '# parse\n' },
  { name: 'docs/guides/start.md', data: '# Start here\n' },
  { name: 'docs/ephemeral-resources/token.md', data: '# token\n' },
  { name: 'docs/cdktf/python/resources/server.md', data: '# other language\n' },
];

describe('the documentation of a provider', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await TestApp.start({
      TFR_DOCUMENTATION_PROVIDER_MAX_PAGES: '7',
      TFR_DOCUMENTATION_PROVIDER_MAX_PAGE_SIZE: '2KiB',
      TFR_DOCUMENTATION_PROVIDER_MAX_ARCHIVE_SIZE: '64KiB',
      TFR_DOCUMENTATION_REANALYSIS_PAUSE: '0s',
    });
  });
  afterAll(() => app?.stop());

  const docsPath = ({ namespace = 'acme', type = '', version }: ProviderPublish): string =>
    `/api/v1/providers/${namespace}/${type}/versions/${version}/docs`;

  const published = async (given: Partial<ProviderPublish>): Promise<ReturnType<typeof aProvider>> => {
    const provider = aProvider(given);
    const answer = await app.publishProvider(provider);
    expect(answer.status, answer.body.toString()).toBe(201);
    return provider;
  };

  /** The documentation once its pages are made. */
  const made = async (provider: ProviderPublish): Promise<Documentation> => {
    for (;;) {
      const answer = await app.request(docsPath(provider));
      expect(answer.status).toBe(200);
      const documentation = answer.json<Documentation & Record<string, unknown>>();
      if (documentation.status !== 'pending') return documentation;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const page = (provider: ProviderPublish, name: string): Promise<Answer> =>
    app.request(`${docsPath(provider)}/${name}`);
  const namesOf = ({ pages }: Documentation): string[] => pages.map(({ kind, name }) => `${kind}/${name}`);
  const versionIdOf = async ({ type, version }: ProviderPublish): Promise<string> => {
    const [row] = await app.query<{ id: string }>(
      `SELECT v.id FROM provider_versions v JOIN registry_providers p ON p.id = v.provider_id
       WHERE p.type = $1 AND v.version = $2`,
      [type, version],
    );
    return row!.id;
  };
  const allPages = [
    'index/index',
    'resources/disk',
    'resources/server',
    'data-sources/image',
    'functions/parse',
    'guides/start',
    'ephemeral-resources/token',
  ];

  describe('that comes with an upload', () => {
    it.each([
      ['a zip', packZip(PAGES)],
      ['a gzip-compressed tar', packTarGz(PAGES)],
      ['a zip with directory entries', zipWithDirectories()],
      [
        'a tar with a folder around',
        packTarGz(PAGES.map(({ name, data }) => ({ name: `cloud-1.0.0/${name}`, data }))),
      ],
    ])('is listed by kind and name, in %s', async (_, docs) => {
      const documentation = await made(await published({ docs }));
      expect(documentation).toMatchObject({ status: 'ready', problems: [] });
      expect(namesOf(documentation)).toEqual(allPages);
      expect(documentation.pages[2]).toEqual({
        kind: 'resources',
        name: 'server',
        title: 'cloud_server Resource - cloud',
        subcategory: 'Compute',
        description: 'A server in the cloud.',
        path: 'resources/server.md',
      });
      expect(documentation.pages[0]).toMatchObject({
        title: 'Cloud provider',
        subcategory: '',
        description: '',
      });
      expect(documentation.pages[1]).toMatchObject({ title: 'disk' });
    });

    it('has pages in safe HTML whose links lead to the other pages', async () => {
      const provider = await published({ docs: packZip(PAGES) });
      await made(provider);
      const answer = await page(provider, 'resources/server');
      expect(answer.status).toBe(200);
      const { html, ...listed } = answer.json<Record<string, string>>();
      expect(listed).toMatchObject({ kind: 'resources', name: 'server', path: 'resources/server.md' });
      const docs = docsPath(provider);
      expect(html).toContain(`href="${docs}/data-sources/image#readme-reading"`);
      expect(html).toContain(`href="${docs}/index/index"`);
      expect(html).toContain(`href="${docs}/data-sources/image"`);
      expect(html).toContain('href="https://example.com/x"');
      expect(html).not.toMatch(/missing\.md|<script|<img|page_title/);
      expect((await page(provider, 'data-sources/image')).body.toString()).toContain('readme-reading');
      expect((await page(provider, 'index/index')).status).toBe(200);
    });

    it('may come with a later platform, and stays as it is with further ones', async () => {
      const docs = packZip(PAGES);
      const provider = await published({});
      expectApiError(await app.request(docsPath(provider)), 404, 'This version has no documentation');
      await published({ ...onPlatform(provider, 'darwin', 'arm64'), docs });
      expect(namesOf(await made(provider))).toEqual(allPages);
      await published(onPlatform(provider, 'windows', 'amd64'));
      await published({ ...onPlatform(provider, 'linux', 'arm64'), docs });
      expect(namesOf(await made(provider))).toEqual(allPages);
    });

    it('is refused when the version has another one, and nothing of the call is kept', async () => {
      const provider = await published({ docs: packZip(PAGES) });
      await made(provider);
      const other = { ...onPlatform(provider, 'darwin', 'arm64'), docs: packZip(PAGES.slice(0, 2)) };
      expectApiError(
        await app.publishProvider(other),
        409,
        'Version 1.0.0 was published with another docs_file; send the same one or leave it out',
      );
      const detail = await app.request(`/api/v1/providers/acme/${provider.type}`);
      expect(detail.json()).toHaveProperty('versions.0.platforms.length', 1);
    });

    it('has one winner among simultaneous calls with different archives', async () => {
      const provider = aProvider();
      const archives = [1, 2, 3, 4].map((count) => packZip(PAGES.slice(0, count)));
      const platforms = ['linux', 'darwin', 'windows', 'freebsd'];
      const answers = await Promise.all(
        archives.map((docs, index) =>
          app.publishProvider({ ...onPlatform(provider, platforms[index]!, 'amd64'), docs }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
      await made(provider);
      await app.get(OrphanSweep).run({ graceMs: 0 });
    });

    it.each([
      ['is no archive', Buffer.from('hello'), 'it is neither a zip nor a gzip-compressed tar'],
      ['is a damaged zip', Buffer.from('PK\u0003\u0004 and then nothing'), /./],
      ['has no page', packZip([{ name: 'docs/readme.txt', data: 'x' }]), /there is no page in it/],
      ['leaves its folder', buildZip([{ name: '../docs/index.md', content: 'x' }]), /leaves the archive/],
    ])('is refused with a sentence when it %s', async (_, docs, reason) => {
      const provider = aProvider({ docs });
      const sentence = typeof reason === 'string' ? `Invalid documentation: ${reason}` : reason;
      expectApiError(await app.publishProvider(provider), 400, sentence);
      expect((await app.request(docsPath(provider))).status).toBe(404);
    });

    it('is refused when it is larger than documentation.provider.max_archive_size', async () => {
      const answer = await app.publishProvider(aProvider({ docs: Buffer.alloc(64 * 1024 + 1) }));
      expect(answer.status).toBe(413);
      expect(answer.body.toString()).toContain('documentation.provider.max_archive_size');
    });
  });

  it('leaves out pages beyond the limits and says which', async () => {
    const many = Array.from({ length: 8 }, (_, index) => ({
      name: `docs/resources/r${index}.md`,
      data: 'x',
    }));
    const tooMany = await made(await published({ docs: packZip(many) }));
    expect(namesOf(tooMany)).toHaveLength(7);
    expect(tooMany.problems).toEqual(['1 pages were left out: at most 7 are shown']);
    const large = (size: number) => [
      { name: 'docs/index.md', data: 'x' },
      { name: 'docs/resources/large.md', data: 'x'.repeat(size) },
    ];
    expect(namesOf(await made(await published({ docs: packZip(large(2048)) })))).toContain('resources/large');
    const tooLarge = await made(await published({ docs: packTarGz(large(2049)) }));
    expect(namesOf(tooLarge)).toEqual(['index/index']);
    expect(tooLarge.problems).toEqual(['resources/large.md was left out: it is larger than 2 KiB']);
  });

  it('is absent for what does not exist', async () => {
    const provider = await published({ docs: packZip(PAGES) });
    await made(provider);
    expectApiError(await page(provider, 'resources/nothing'), 404, 'Documentation page not found');
    expectApiError(await page(provider, 'actions/server'), 404, 'Documentation page not found');
    expectApiError(
      await app.request(docsPath({ ...provider, version: '9.9.9' })),
      404,
      'Provider version not found',
    );
    expectApiError(await app.request(docsPath({ ...provider, type: 'nothing' })), 404, 'Provider not found');
  });

  it('goes with the version, and may come with it again', async () => {
    const provider = await published({ docs: packZip(PAGES) });
    await made(provider);
    const version = `/api/v1/providers/acme/${provider.type}/versions/1.0.0`;
    expect((await app.request(version, { method: 'DELETE', key: app.publisherKey })).status).toBe(200);
    expect((await app.request(docsPath(provider))).status).toBe(404);
    await app.get(OrphanSweep).run({ graceMs: 0 });
    await published({ ...provider, docs: packZip(PAGES.slice(0, 1)) });
    expect(namesOf(await made(provider))).toEqual(['index/index']);
  });

  it('of a quarantined version is shown to those who may write there only', async () => {
    const provider = await published({ docs: packZip(PAGES) });
    await made(provider);
    await app.query(
      `UPDATE provider_versions SET state = 'quarantined', quarantined_at = now() WHERE id = $1`,
      [await versionIdOf(provider)],
    );
    expectApiError(await app.request(docsPath(provider)), 404, 'Provider version not found');
    expect((await page(provider, 'index/index')).status).toBe(404);
    expect((await app.request(docsPath(provider), { key: app.publisherKey })).status).toBe(200);
  });

  it('is kept by the sweep as long as the version is there', async () => {
    const provider = await published({
      docs: packZip([{ name: 'docs/index.md', data: `# ${Math.random()}` }]),
    });
    await made(provider);
    await app.get(OrphanSweep).run({ graceMs: 0 });
    await app.get(OrphanSweep).run({ graceMs: 0 });
    expect((await again(provider)).status).toBe(202);
    expect(await made(provider)).toMatchObject({ status: 'ready' });
  });

  const again = ({ type }: ProviderPublish, key = app.publisherKey): Promise<Answer> =>
    app.request('/api/v1/admin/providers/reanalyze', {
      method: 'POST',
      key,
      json: { namespace: 'acme', type },
    });

  describe('that is made again', () => {
    it('has its pages again', async () => {
      const provider = await published({ docs: packZip(PAGES) });
      await made(provider);
      const id = await versionIdOf(provider);
      await app.query(`UPDATE provider_documentation_pages SET title = 'old' WHERE version_id = $1`, [id]);
      const answer = await again(provider);
      expect({ status: answer.status, body: answer.json() }).toEqual({ status: 202, body: { queued: 1 } });
      await expect
        .poll(async () => (await made(provider)).pages.filter(({ title }) => title === 'old').length)
        .toBe(0);
      expect(namesOf(await made(provider))).toEqual(allPages);
    });

    it('is asked for by platform administrators when it is the whole registry', async () => {
      const path = '/api/v1/admin/providers/reanalyze';
      const sent = (json: object): Promise<Answer> =>
        app.request(path, { method: 'POST', key: app.publisherKey, json });
      expect((await sent({})).status).toBe(403);
      expect((await sent({ type: 'cloud' })).status).toBe(400);
      expect((await sent({ namespace: 'acme', only: 'failed' })).json()).toEqual({ queued: 0 });
    });
  });

  describe('that a mirror hands in', () => {
    const accept = async (provider: ProviderPublish, docs: Buffer): Promise<void> => {
      const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
      const { createHash } = await import('node:crypto');
      const { tmpdir } = await import('node:os');
      const folder = await mkdtemp(`${tmpdir()}/c-docs-`);
      try {
        await writeFile(`${folder}/docs`, docs);
        const digest = createHash('sha256').update(docs).digest('hex');
        const upload = { path: `${folder}/docs`, size: docs.length, digest };
        await app.get(ProviderDocumentation).accept(await versionIdOf(provider), upload);
      } finally {
        await rm(folder, { recursive: true });
      }
    };

    it('becomes that of the version; the same again changes nothing, another is refused', async () => {
      const provider = await published({});
      await accept(provider, packZip(PAGES));
      expect(namesOf(await made(provider))).toEqual(allPages);
      await accept(provider, packZip(PAGES));
      await expect(accept(provider, packZip(PAGES.slice(1)))).rejects.toThrow('another docs_file');
      await expect(accept(await published({}), Buffer.from('no archive'))).rejects.toThrow(
        'Invalid documentation',
      );
    });
  });

  it('is read with as many statements for many pages as for one', async () => {
    const few = await published({ docs: packZip(PAGES.slice(0, 1)) });
    const many = await published({ docs: packZip(PAGES) });
    const counter = app.get(StatementCounter);
    const counts: number[] = [];
    for (const provider of [few, many]) {
      await made(provider);
      const rounds: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const before = counter.count;
        await app.request(docsPath(provider));
        rounds.push(counter.count - before);
      }
      counts.push(Math.min(...rounds));
    }
    expect(counts[1]).toBe(counts[0]);
  });
});

describe('a documentation page that costs too much', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await TestApp.start({
      TFR_DOCUMENTATION_TIMEOUT: '1s',
      TFR_DOCUMENTATION_PROVIDER_MAX_PAGE_SIZE: '1MiB',
    });
  });
  afterAll(() => app?.stop());

  /** A megabyte of cells takes many times the deadline. */
  const costly = `|a|b|\n|-|-|\n${'|x|y|\n'.repeat(170_000)}`;
  const madeOf = async (count: number): Promise<Documentation> => {
    const pages = Array.from({ length: count }, (_, index) => ({
      name: `docs/guides/g${index}.md`,
      data: costly,
    }));
    const provider = aProvider({ docs: packZip([{ name: 'docs/index.md', data: '# Start\n' }, ...pages]) });
    expect((await app.publishProvider(provider)).status).toBe(201);
    for (;;) {
      const answer = await app.request(`/api/v1/providers/acme/${provider.type}/versions/1.0.0/docs`);
      const documentation = answer.json<Documentation & Record<string, unknown>>();
      if (documentation.status !== 'pending') return documentation;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it('is left out with a sentence, and the others are shown', { timeout: 90_000 }, async () => {
    expect(await madeOf(1)).toMatchObject({
      status: 'ready',
      problems: ['guides/g0.md was left out: it took longer than 1 s'],
    });
  });

  it('makes the documentation fail when there are many of them', { timeout: 90_000 }, async () => {
    expect(await madeOf(4)).toEqual({
      status: 'failed',
      problems: [
        'Invalid documentation: more than 3 pages cannot be rendered; guides/g0.md was left out: it took longer than 1 s',
      ],
      pages: [],
    });
  });
});

function zipWithDirectories(): Buffer {
  return buildZip([
    { name: 'docs/', content: '', mode: 0o040755 },
    { name: 'docs/resources/', content: '', mode: 0o040755 },
    ...PAGES.map(({ name, data }) => ({ name, content: data })),
  ]);
}
