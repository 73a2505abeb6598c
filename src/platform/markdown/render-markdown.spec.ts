import { describe, expect, it } from 'vitest';
import type { ArchivePath } from './archive-path.js';
import { renderMarkdown } from './render-markdown.js';

const REL = 'rel="nofollow noopener noreferrer"';
const options = {
  base: 'modules/web',
  link: ({ path, fragment }: ArchivePath) => `/link?path=${path}${fragment && `#${fragment}`}`,
  image: ({ path }: ArchivePath) => (path.endsWith('.png') ? `/image?path=${path}` : null),
};
const render = (text: string) => renderMarkdown(text, options).trim();

describe('rendering a document', () => {
  it('knows tables, code with its language, and task lists as text', () => {
    expect(render('| a | b |\n|---|:-:|\n| 1 | 2 |')).toContain('<td align="center">2</td>');
    expect(render('```hcl\na = "<b>"\n```')).toBe(
      '<pre><code class="language-hcl">a = "&lt;b&gt;"\n</code></pre>',
    );
    expect(render('- [ ] open\n- [x] done')).toBe('<ul>\n<li>[ ] open</li>\n<li>[x] done</li>\n</ul>');
  });

  it('gives headings ids that hosts of repositories give, behind a prefix', () => {
    expect(render('# Usage of `x`!\n## Usage\n## Usage')).toBe(
      '<h1 id="readme-usage-of-x">Usage of <code>x</code>!</h1>\n' +
        '<h2 id="readme-usage">Usage</h2>\n<h2 id="readme-usage-1">Usage</h2>',
    );
    expect(render('[up](#usage)')).toBe('<p><a href="#readme-usage">up</a></p>');
    expect(render('<a name="input_cidr"></a> [cidr](#input\\_cidr)')).toBe(
      '<p><a id="readme-input_cidr"></a> <a href="#readme-input_cidr">cidr</a></p>',
    );
  });

  it('follows links to other sites without telling them who sent it', () => {
    expect(render('[x](https://a.example/?a=1&b=2)')).toBe(
      `<p><a href="https://a.example/?a=1&amp;b=2" ${REL}>x</a></p>`,
    );
    expect(render('https://a.example')).toBe(
      `<p><a href="https://a.example/" ${REL}>https://a.example</a></p>`,
    );
    expect(render('[x](mailto:a@b.example)')).toContain('href="mailto:a@b.example"');
  });

  it.each([
    ['variables.tf', '/link?path=modules/web/variables.tf'],
    ['./docs/a%20b.md#part', '/link?path=modules/web/docs/a b.md#part'],
    ['../../LICENSE', '/link?path=LICENSE'],
    ['/LICENSE?raw=true', '/link?path=LICENSE'],
    ['..', '/link?path=modules'],
  ])('resolves the relative link %s', (address, target) => {
    expect(render(`<a href="${address}">x</a>`)).toBe(`<p><a href="${target}" ${REL}>x</a></p>`);
  });

  it.each(['../../../x', '/../x', '..%2f..%2f..%2fx', 'a/../../../../x', '%', 'a%00b', 'a\\b'])(
    'leaves only the text of a link to %s',
    (address) => {
      expect(render(`<a href="${address}">x</a>`)).toBe('<p><a>x</a></p>');
    },
  );

  it('shows images of the archive, and says what others are', () => {
    expect(render('![plan](img/plan.png "The plan")')).toBe(
      '<p><img src="/image?path=modules/web/img/plan.png" alt="plan" title="The plan" loading="lazy" /></p>',
    );
    expect(render('![drawing](plan.svg)')).toBe('<p><span>drawing</span></p>');
    expect(render('![build](https://ci.example/x.svg)')).toBe(
      `<p><a href="https://ci.example/x.svg" ${REL}>build</a></p>`,
    );
    expect(render('[![build](https://ci.example/x.svg)](https://ci.example)')).toBe(
      `<p><a href="https://ci.example/" ${REL}><span>build</span></a></p>`,
    );
    expect(render('<img src="a.png" width="80px" height="9999999" onload="x">')).toBe(
      '<img src="/image?path=modules/web/a.png" alt="" width="80" loading="lazy" />',
    );
  });

  it('keeps harmless HTML and drops comments', () => {
    expect(render('<details open><summary>More</summary>\n\n*text*\n</details>')).toBe(
      '<details open><summary>More</summary>\n<p><em>text</em></p>\n</details>',
    );
    expect(render('<!-- BEGIN_TF_DOCS -->\ntext')).not.toContain('BEGIN');
  });
});

describe('the limits of rendering', () => {
  const PLAIN = /^<pre>[^<]*<\/pre>$/;

  it('render 1 Mi characters, and show more as plain text', () => {
    const text = 'word '.repeat(209_715) + 'x';
    expect(text).toHaveLength(1024 * 1024);
    expect(render(text)).toMatch(/^<p>/);
    expect(render(`${text}x`)).toMatch(PLAIN);
  });

  it('show plain text where short references would make a long document', () => {
    const address = `https://a.example/${'x'.repeat(1000)}`;
    const document = (count: number) => `${'[a] '.repeat(count)}\n\n[a]: ${address}`;
    expect(render(document(100))).toContain('<a href=');
    expect(render(document(10_000))).toMatch(PLAIN);
  });

  it('end nesting that never ends', () => {
    const quotes = render(`${'> '.repeat(5_000)}deep`);
    expect(quotes.split('<blockquote>').length).toBeLessThan(50);
    expect(render('<div>'.repeat(5_000)).split('<div>').length).toBeLessThanOrEqual(101);
    expect(render(`${'['.repeat(20_000)}x${'](y)'.repeat(20_000)}`)).toBeDefined();
  });

  it('drop addresses of more than 2048 characters', () => {
    const link = (length: number) => render(`[x](https://a.example/${'y'.repeat(length - 18)})`);
    expect(link(2048)).toContain('href');
    expect(link(2049)).toBe('<p><a>x</a></p>');
  });
});
