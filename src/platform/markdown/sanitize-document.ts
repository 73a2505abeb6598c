import sanitizeHtml from 'sanitize-html';
import { documentId, documentTarget } from './markdown-links.js';
import type { MarkdownOptions } from './markdown-options.js';

type Attributes = sanitizeHtml.Attributes;
type Tag = sanitizeHtml.Tag;

const REL = 'nofollow noopener noreferrer';
const HEADINGS = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'];
const ALIGNED = [...HEADINGS, 'p', 'div', 'td', 'th'];
const MAX_NESTING = 100;

/** Elements that documents consist of; nothing that runs, loads, asks or covers. */
const ALLOWED_TAGS = [
  ...HEADINGS,
  ...[
    'a',
    'abbr',
    'b',
    'blockquote',
    'br',
    'code',
    'dd',
    'del',
    'details',
    'div',
    'dl',
    'dt',
    'em',
    'hr',
    'i',
  ],
  ...[
    'img',
    'ins',
    'kbd',
    'li',
    'ol',
    'p',
    'pre',
    'q',
    's',
    'samp',
    'span',
    'strong',
    'sub',
    'summary',
    'sup',
  ],
  ...['table', 'tbody', 'td', 'tfoot', 'th', 'thead', 'tr', 'tt', 'ul', 'var'],
];
/** What is inside these is not text for readers. */
const DROPPED_WITH_CONTENT = [
  ...[
    'script',
    'style',
    'textarea',
    'option',
    'xmp',
    'noscript',
    'iframe',
    'noembed',
    'noframes',
    'plaintext',
  ],
  ...['title', 'template', 'object', 'svg', 'math', 'select'],
];
const ALIGN = { name: 'align', values: ['left', 'center', 'right'] };
const ALLOWED_ATTRIBUTES: NonNullable<sanitizeHtml.IOptions['allowedAttributes']> = {
  a: ['href', 'id', 'title', 'rel'],
  abbr: ['title'],
  details: ['open'],
  img: ['src', 'alt', 'title', 'width', 'height', 'loading'],
  ol: ['start'],
  ...Object.fromEntries(ALIGNED.map((tag) => [tag, [ALIGN]])),
  ...Object.fromEntries(HEADINGS.map((tag) => [tag, ['id', ALIGN]])),
};

/** Takes everything out of rendered HTML that is not on the list, and turns addresses into what they may become. */
export function sanitizeDocument(html: string, options: MarkdownOptions): string {
  let openLinks = 0;
  const countLink = (name: string, change: number) => {
    if (name === 'a') openLinks += change;
  };
  return sanitizeHtml(html, {
    allowedTags: ALLOWED_TAGS,
    allowedAttributes: ALLOWED_ATTRIBUTES,
    allowedClasses: { code: [/^language-[\w+#.-]{1,40}$/] },
    allowedSchemes: ['http', 'https', 'mailto'],
    allowedSchemesAppliedToAttributes: ['href', 'src'],
    allowProtocolRelative: false,
    disallowedTagsMode: 'discard',
    nonTextTags: DROPPED_WITH_CONTENT,
    nestingLimit: MAX_NESTING,
    onOpenTag: (name) => countLink(name, 1),
    onCloseTag: (name) => countLink(name, -1),
    transformTags: {
      a: (_name, attributes) => linkTag(attributes, options),
      img: (_name, attributes) => imageTag(attributes, options, openLinks > 0),
      ol: (tagName, attributes) => ({ tagName, attribs: numbered(attributes) }),
      ...Object.fromEntries(ALIGNED.map((tag) => [tag, blockTag])),
    },
  });
}

function linkTag(attributes: Attributes, options: MarkdownOptions): Tag {
  const name = attributes['id'] ?? attributes['name'];
  const href = hrefOf(attributes['href'], options);
  return {
    tagName: 'a',
    attribs: {
      ...(name && { id: documentId(name) }),
      ...href,
      ...(href && attributes['title'] && { title: attributes['title'] }),
    },
  };
}

function hrefOf(address: string | undefined, options: MarkdownOptions): Attributes | undefined {
  const target = address === undefined ? null : documentTarget(options.base ?? '', address);
  if (target === null) return undefined;
  if (target.kind === 'heading') return { href: `#${target.id}` };
  const href = target.kind === 'external' ? target.url : options.link(target.place);
  return href === null ? undefined : { href, rel: REL };
}

/** An image of elsewhere would tell its server who reads: it becomes a link, or text inside another link. */
function imageTag(attributes: Attributes, options: MarkdownOptions, isInLink: boolean): Tag {
  const { src = '', alt = '', title } = attributes;
  const text = alt.trim() || 'image';
  const target = documentTarget(options.base ?? '', src);
  const source = target?.kind === 'archive' ? options.image(target.place) : null;
  if (source !== null) {
    const size = { ...pixels('width', attributes), ...pixels('height', attributes) };
    return {
      tagName: 'img',
      attribs: { src: source, alt, ...(title && { title }), ...size, loading: 'lazy' },
    };
  }
  if (target?.kind !== 'external' || isInLink) return { tagName: 'span', attribs: {}, text };
  return { tagName: 'a', attribs: { href: target.url, rel: REL }, text };
}

function pixels(name: 'width' | 'height', attributes: Attributes): Attributes {
  const value = attributes[name] ?? '';
  return /^\d{1,4}(?:px|%)?$/.test(value) ? { [name]: value.replace('px', '') } : {};
}

function numbered({ start = '' }: Attributes): Attributes {
  return /^\d{1,9}$/.test(start) ? { start } : {};
}

function blockTag(tagName: string, attributes: Attributes): Tag {
  const align = attributes['align'] ?? /text-align:\s*(\w+)/.exec(attributes['style'] ?? '')?.[1];
  const id = HEADINGS.includes(tagName) ? attributes['id'] : undefined;
  return {
    tagName,
    attribs: {
      ...(id && { id: documentId(id) }),
      ...(align && ALIGN.values.includes(align) && { align }),
    },
  };
}
