import { describe, expect, it } from 'vitest';
import { pageAddressOf, readDocumentationLayout } from './documentation-layout.js';

const pagesOf = (...files: string[]): string[] =>
  readDocumentationLayout(files).pages.map(({ kind, name, file }) => `${kind}/${name} ${file}`);

const PLAIN = [
  'index.md',
  'resources/server.md',
  'data-sources/image.md',
  'functions/parse.md',
  'guides/start.md',
  'ephemeral-resources/token.md',
];

describe('the layout of provider documentation', () => {
  it.each([
    ['docs', 'docs/'],
    ['docs in a folder', 'terraform-provider-x-1.0.0/docs/'],
    ['website/docs', 'website/docs/'],
    ['website/docs in a folder', 'x/website/docs/'],
    ['the top of the archive', ''],
    ['a folder of any name', 'whatever/'],
  ])('finds pages of every kind below %s, in the order of lists', (_, root) => {
    expect(pagesOf(...PLAIN.map((path) => root + path))).toEqual([
      `index/index ${root}index.md`,
      `resources/server ${root}resources/server.md`,
      `data-sources/image ${root}data-sources/image.md`,
      `functions/parse ${root}functions/parse.md`,
      `guides/start ${root}guides/start.md`,
      `ephemeral-resources/token ${root}ephemeral-resources/token.md`,
    ]);
  });

  it('knows the short folders and long endings of old websites', () => {
    expect(
      pagesOf('website/docs/index.html.markdown', 'website/docs/r/a.html.md', 'website/docs/d/b.markdown'),
    ).toEqual([
      'index/index website/docs/index.html.markdown',
      'resources/a website/docs/r/a.html.md',
      'data-sources/b website/docs/d/b.markdown',
    ]);
  });

  it('prefers docs to website/docs, and takes only one of them', () => {
    expect(pagesOf('website/docs/index.md', 'docs/resources/a.md')).toEqual([
      'resources/a docs/resources/a.md',
    ]);
  });

  it('passes over other languages, templates, deeper folders and everything else', () => {
    expect(
      pagesOf(
        'docs/cdktf/python/resources/a.md',
        'docs/resources/deep/a.md',
        'docs/resources/a.html.md.erb',
        'docs/resources/a.txt',
        'docs/actions/a.md',
        'docs/index.md',
        'README.md',
      ),
    ).toEqual(['index/index docs/index.md']);
  });

  it('leaves out a page that is there twice, and one whose name cannot be in an address', () => {
    const { pages, problems } = readDocumentationLayout([
      'docs/r/a.md',
      'docs/resources/a.md',
      'docs/resources/ä b.md',
    ]);
    expect(pages.map(({ path }) => path)).toEqual(['r/a.md']);
    expect(problems).toEqual([
      'resources/a.md was left out: r/a.md is the same page',
      'resources/ä b.md was left out: use letters, digits, dots, dashes and underscores in its name',
    ]);
  });

  it.each([
    ['resources/a', 'resources/a'],
    ['resources/a.md', 'resources/a'],
    ['r/a.html', 'resources/a'],
    ['d/a.html.markdown', 'data-sources/a'],
    ['docs/providers/aws/r/a.html', 'resources/a'],
    ['docs/providers/aws/index.html', 'index/index'],
    ['index.md', 'index/index'],
    ['resources/a/b', undefined],
    ['other/a', undefined],
    ['resources/..', undefined],
  ])('reads the link target %s as %s', (path, expected) => {
    const address = pageAddressOf(path);
    expect(address && `${address.kind}/${address.name}`).toBe(expected);
  });
});
