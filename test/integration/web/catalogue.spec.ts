import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { packTarGz } from '../../support/build-fixtures.js';
import { aModule } from '../../support/factories/module.factory.js';
import { aProvider } from '../../support/factories/provider.factory.js';
import type { Answer } from '../../support/http-request.js';
import { ACCEPTS_PAGES } from '../../support/login-client.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser } from '../auth/support/browser.js';
import { documentation } from '../routes/support/documentation.js';

const FILES = [
  {
    name: 'main.tf',
    data: 'variable "cidr" {\n  type        = string\n  description = "<b>Range</b> of addresses"\n}\noutput "id" {\n  value = 1\n}\n',
  },
  { name: 'README.md', data: '# Flumadiddle\n\n[web](modules/web) <script>alert(1)</script>\n' },
  { name: 'modules/web/main.tf', data: 'variable "port" {\n  default = 80\n}\n' },
  { name: 'modules/web/README.md', data: '# The web\n' },
];
const DOCS = packTarGz([
  { name: 'docs/index.md', data: '# The cloud\n\n[server](resources/server.md)\n' },
  { name: 'docs/resources/server.md', data: '---\npage_title: A server\n---\n# cloud_server\n' },
]);

describe('the pages of the catalog', () => {
  let app: TestApp;
  const module = aModule({ archive: packTarGz(FILES) });
  const next = { ...module, version: '2.0.0', archive: packTarGz(FILES.slice(0, 2)) };
  const provider = aProvider({ docs: DOCS });
  const hidden = aModule({ namespace: 'hidden-ns', archive: packTarGz(FILES) });
  const modulePage = `/modules/${module.namespace}/${module.name}/${module.system}`;
  const providerPage = `/providers/${provider.namespace}/${provider.type}`;

  const open = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    app.request(path, { headers: { ...ACCEPTS_PAGES, ...headers } });
  const textOf = async (path: string): Promise<string> => {
    const answer = await open(path);
    expect(answer.status, path).toBe(200);
    return answer.body.toString();
  };

  beforeAll(async () => {
    app = await TestApp.start({ TFR_DOCUMENTATION_AT_PUBLISH: 'true' });
    const organization = await app.addOrganization('hidden', 'private');
    await app.query(
      `INSERT INTO namespace_claims (name, folded_name, organization_id) VALUES ('hidden-ns', 'hidden-ns', $1)`,
      [organization],
    );
    for (const one of [module, next, hidden]) expect((await app.publishModule(one)).status).toBe(201);
    expect((await app.publishProvider(provider)).status).toBe(201);
    await vi.waitFor(
      async () => {
        for (const one of [module, next, hidden]) {
          const docs = await documentation(app, one);
          expect(docs.json()).toMatchObject({ status: 'ready' });
        }
        expect((await open(`${providerPage}/1.0.0/docs/resources/server`)).status).toBe(200);
      },
      { timeout: 30_000, interval: 50 },
    );
  });
  afterAll(() => app?.stop());

  it('find a module by a word of its README, and lead to it', async () => {
    const page = await textOf('/search?q=flumadiddle');
    expect(page).toContain(`href="${modulePage}"`);
  });

  it('list everything without a word, with ways to narrow it', async () => {
    const page = await textOf('/search');
    expect(page).toContain(`href="${modulePage}"`);
    expect(page).toContain(`href="${providerPage}"`);
    expect(await textOf('/search?type=provider')).not.toContain(`href="${modulePage}"`);
  });

  it('show the latest version with its README, inputs and outputs, escaped', async () => {
    const page = await textOf(modulePage);
    expect(page).toContain('version = &quot;2.0.0&quot;');
    expect(page).toContain('&lt;b>Range&lt;/b> of addresses');
    expect(page).toContain('Outputs (1)');
    expect(page).not.toContain('<script');
  });

  it('show what changed since the version before', async () => {
    const page = await textOf(`${modulePage}/2.0.0`);
    expect(page).toContain('Changes from 1.0.0 to 2.0.0');
    expect(page).toContain('breaking');
  });

  it('have a page for every submodule, which the README links to', async () => {
    const page = await textOf(`${modulePage}/1.0.0`);
    const target = `${modulePage}/1.0.0?path=modules%2Fweb`;
    expect(page.match(new RegExp(`href="${target.replaceAll('?', '\\?')}"`, 'g'))).toHaveLength(2);
    const part = await textOf(target);
    expect(part).toContain('The web');
    expect(part).toContain(`//modules/web&quot;`);
    expect((await open(`${modulePage}/1.0.0?path=modules/none`)).status).toBe(404);
  });

  it('show a provider and its documentation page by page', async () => {
    const page = await textOf(providerPage);
    expect(page).toContain('The cloud');
    expect(page).toContain(`href="${providerPage}/1.0.0/docs/resources/server"`);
    expect(await textOf(`${providerPage}/1.0.0/docs/resources/server`)).toContain('cloud_server');
    expect((await open(`${providerPage}/1.0.0/docs/resources/none`)).status).toBe(404);
    expect((await open(`${providerPage}/1.0.0/docs/nothing/none`)).status).toBe(404);
  });

  it('say why a version should not be used', async () => {
    const path = `/api/v1${modulePage}/versions/1.0.0`;
    const reason = JSON.stringify({ reason: 'leaks <keys>' });
    const headers = { 'content-type': 'application/json' };
    const answer = await app.request(`${path}/withdraw`, {
      method: 'POST',
      key: app.publisherKey,
      headers,
      body: Buffer.from(reason),
    });
    expect(answer.status).toBe(200);
    expect(await textOf(`${modulePage}/1.0.0`)).toContain('This version is withdrawn: leaks &lt;keys>');
    expect(await textOf(modulePage)).toContain('withdrawn');
  });

  it('hide what is private as if it were absent', async () => {
    const page = `/modules/${hidden.namespace}/${hidden.name}/${hidden.system}`;
    const [there, absent] = [await open(page), await open(`${page.replace('hidden-ns', 'nobody-ns')}`)];
    expect([there.status, absent.status]).toEqual([404, 404]);
    const withoutIds = ({ body }: Answer) => body.toString().replaceAll(/[0-9a-f-]{36}/g, '');
    expect(withoutIds(there)).toBe(withoutIds(absent));
    expect(await textOf('/search?q=flumadiddle')).not.toContain('hidden-ns');
  });

  it('show it to a member who is signed in', async () => {
    const [row] = await app.query<{ id: string }>(`SELECT id FROM organizations WHERE name = 'hidden'`);
    const userId = await addPerson(app, { [row!.id]: 'member' });
    const browser = await Browser.signIn(app, userId);
    const page = `/modules/${hidden.namespace}/${hidden.name}/${hidden.system}`;
    expect((await browser.request(page, { headers: ACCEPTS_PAGES })).status).toBe(200);
  });

  it('carry the headers of pages, and no inline script or style', async () => {
    for (const path of ['/search?q=flumadiddle', modulePage, providerPage]) {
      const answer = await open(path);
      expect(answer.headers['content-security-policy']).toContain("default-src 'self'");
      expect(answer.body.toString()).not.toMatch(/<script|<style| style="| on[a-z]+="/);
    }
  });

  it('answer odd addresses with a page, never 500', async () => {
    for (const path of [
      '/search?q=%00&type=x&cursor=y',
      `/search?q=${'a'.repeat(5_000)}`,
      `${modulePage}/banana`,
      `${modulePage}/9.9.9`,
      `${modulePage}/1.0.0?path=..%2f..`,
      `${providerPage}/1.0.0/docs/resources/..%2f`,
    ]) {
      const { status } = await open(path);
      expect(status, path).toBeLessThan(500);
    }
  });
});
