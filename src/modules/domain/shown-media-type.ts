/** The first bytes of the images that are shown. SVG is not one of them: it is a document with scripts. */
const IMAGES: readonly (readonly [string, RegExp])[] = [
  ['image/png', /^\x89PNG\r\n\x1a\n/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8[79]a/],
  ['image/webp', /^RIFF[\s\S]{4}WEBP/],
];
const MARKUP_NAME = /\.(?:x?html?|shtml|mht(?:ml)?|svgz?|xml|xsl|xslt|xul)$/i;
const MARKUP = /^[\s\uFEFF]*<(?:!doctype|html|head|body|svg|script|iframe|\?xml)/i;
const NOT_IN_TEXT = /[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f]/;

/**
 * The media type under which a file of an archive is shown, by what is in it: a raster image, or plain text for
 * UTF-8 that is no HTML, SVG or XML. `null`: not shown.
 */
export function shownMediaType(path: string, bytes: Buffer): string | null {
  const head = bytes.subarray(0, 16).toString('latin1');
  const image = IMAGES.find(([, pattern]) => pattern.test(head));
  if (image) return image[0];
  const text = MARKUP_NAME.test(path) ? null : utf8Of(bytes);
  if (text === null || NOT_IN_TEXT.test(text) || MARKUP.test(text)) return null;
  return 'text/plain; charset=utf-8';
}

function utf8Of(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
