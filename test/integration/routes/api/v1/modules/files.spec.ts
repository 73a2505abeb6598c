import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packTarGz } from '../../../../../support/build-fixtures.js';
import { aModule } from '../../../../../support/factories/module.factory.js';
import { TestApp } from '../../../../../support/test-app.js';
import { analyzed, versionPath } from '../../../support/documentation.js';

const PNG = Buffer.from('\x89PNG\r\n\x1a\n<script>', 'latin1');
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
const MAX = 64 * 1024;

describe('GET /api/v1/modules/{namespace}/{name}/{system}/versions/{version}/files', () => {
  let app: TestApp;
  let path: string;

  beforeAll(async () => {
    app = await TestApp.start({
      TFR_DOCUMENTATION_AT_PUBLISH: 'true',
      TFR_DOCUMENTATION_MAX_FILE_SIZE: '64KiB',
    });
    const module = aModule({
      archive: packTarGz([
        { name: 'top/main.tf', data: '# <b>text</b>\n' },
        { name: 'top/docs/Straße.md', data: '# Straße\n' },
        { name: 'top/img/plan.png', data: PNG },
        { name: 'top/img/photo.jpg', data: Buffer.from([0xff, 0xd8, 0xff, 0xe0]) },
        { name: 'top/img/move.gif', data: 'GIF89a…' },
        { name: 'top/img/new.webp', data: 'RIFF1234WEBP' },
        { name: 'top/img/drawing.svg', data: SVG },
        { name: 'top/img/svg.png', data: SVG },
        { name: 'top/page.html', data: 'text' },
        { name: 'top/page.txt', data: '\n <!DOCTYPE html><script>alert(1)</script>' },
        { name: 'top/feed.xml', data: '<?xml version="1.0"?>' },
        { name: 'top/program', data: Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1]) },
        { name: 'top/latin1.txt', data: Buffer.from([0x53, 0xdf]) },
        { name: 'top/largest.txt', data: 'x'.repeat(MAX) },
        { name: 'top/larger.txt', data: 'x'.repeat(MAX + 1) },
      ]),
    });
    expect((await app.publishModule(module)).status).toBe(201);
    await analyzed(app, module);
    path = `${versionPath(module)}/files`;
  });
  afterAll(() => app?.stop());

  const file = (name: string, headers: Record<string, string> = {}) =>
    app.request(`${path}?path=${encodeURIComponent(name)}`, { headers });

  it.each([
    ['main.tf', 'text/plain; charset=utf-8'],
    ['docs/Straße.md', 'text/plain; charset=utf-8'],
    ['largest.txt', 'text/plain; charset=utf-8'],
    ['img/plan.png', 'image/png'],
    ['img/photo.jpg', 'image/jpeg'],
    ['img/move.gif', 'image/gif'],
    ['img/new.webp', 'image/webp'],
  ])('shows %s as %s, and lets a browser do nothing else with it', async (name, type) => {
    const answer = await file(name);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': type,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    });
  });

  it.each([
    'img/drawing.svg',
    'img/svg.png',
    'page.html',
    'page.txt',
    'feed.xml',
    'program',
    'latin1.txt',
    'larger.txt',
    'nothing.txt',
    'img',
    '',
    'top/main.tf',
    '../main.tf',
    './main.tf',
    '/main.tf',
  ])('has no file at %j', async (name) => {
    const answer = await file(name);
    expect([answer.status, answer.json()['error']]).toEqual([404, 'File not found']);
  });

  it('has no file without a path', async () => {
    expect((await app.request(path)).status).toBe(404);
  });

  it('answers 304 to those who have the file', async () => {
    const first = await file('img/plan.png');
    expect(first.body).toEqual(PNG);
    const again = await file('img/plan.png', {
      'if-none-match': `"other", W/${String(first.headers['etag'])}`,
    });
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });

  it('reads a file for many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => file('docs/Straße.md')));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.toString()}`))).toEqual(
      new Set(['200 # Straße\n']),
    );
  });

  it('refuses a withdrawn version as its download does', async () => {
    const module = aModule({ archive: packTarGz([{ name: 'main.tf', data: '# x\n' }]) });
    await app.publishModule(module);
    await analyzed(app, module);
    const main = `${versionPath(module)}/files?path=main.tf`;
    const withdraw = (mode: string) =>
      app.query(
        `UPDATE module_versions SET state = 'withdrawn', state_reason = 'old', withdraw_reason = 'old', withdraw_mode = $2
         WHERE module_id = (SELECT id FROM registry_modules WHERE name = $1)`,
        [module.name, mode],
      );
    await withdraw('hide');
    expect((await app.request(main)).status).toBe(200);
    await withdraw('refuse');
    expect((await app.request(main)).status).toBe(410);
  });
});
