import { describe, expect, it } from 'vitest';
import { renderProviderPage } from './render-provider-page.js';

const page = {
  kind: 'resources',
  name: 'server',
  file: 'website/docs/r/server.html.markdown',
  path: 'r/server.html.markdown',
} as const;
const surroundings = {
  root: 'website/docs/',
  pages: new Set(['index/index', 'resources/server', 'data-sources/image', 'guides/start']),
  url: '/docs',
};
const render = (text: string) => renderProviderPage(page, text, surroundings);
const linkOf = (target: string): string | undefined =>
  /href="([^"]*)"/.exec(render(`[x](${target})`).html)?.[1];

describe('a documentation page of a provider', () => {
  it('has the title, subcategory and description of its head, each on one line', () => {
    const text = '---\npage_title: "A: b"\nsubcategory: "C"\ndescription: |-\n  One\n  two.\n---\nText\n';
    expect(render(text)).toEqual({
      kind: 'resources',
      name: 'server',
      title: 'A: b',
      subcategory: 'C',
      description: 'One two.',
      path: 'r/server.html.markdown',
      html: '<p>Text</p>\n',
    });
  });

  it('is called after its first heading, else after its file', () => {
    expect(render('Intro\n\n# The server #\n')).toMatchObject({ title: 'The server', subcategory: '' });
    expect(render('Text\n')).toMatchObject({ title: 'server', description: '' });
    expect(render('---\npage_title: [a]\n---\n')).toMatchObject({ title: 'server' });
  });

  it.each([
    ['../d/image.html.markdown', '/docs/data-sources/image'],
    ['../d/image.html', '/docs/data-sources/image'],
    ['../data-sources/image', '/docs/data-sources/image'],
    ['server.html#nested-block', '/docs/resources/server#readme-nested-block'],
    ['../index.html.markdown', '/docs/index/index'],
    ['/docs/providers/cloud/d/image.html', '/docs/data-sources/image'],
    ['/docs/providers/cloud/index.html', '/docs/index/index'],
    ['../guides/start.md', '/docs/guides/start'],
    ['#here', '#readme-here'],
    ['https://example.com/a', 'https://example.com/a'],
  ])('leads from %s to %s', (target, expected) => {
    expect(linkOf(target)).toBe(expected);
  });

  it.each([
    'missing.md',
    '../../../../etc/passwd',
    '//evil.example.com',
    'javascript:alert(1)',
    '../r/deep/a.md',
  ])('does not lead to %s', (target) => {
    expect(linkOf(target)).toBeUndefined();
  });

  it('has nothing in it that runs', () => {
    const { html } = render('<script>a()</script><img src=x onerror=a()><a href="javascript:a()">x</a>\n');
    expect(html).not.toMatch(/script|onerror|javascript/);
  });
});
