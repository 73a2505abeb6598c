const MAX_LENGTH = 2048;
const NOWHERE = 'http://site.invalid';

/**
 * `text` as a path of this site with its query and fragment, or `undefined` when it could lead anywhere else
 * (threat B12). Judged as a browser reads it: backslashes, tabs and a second slash make another host.
 */
export function returnPath(text: string | undefined): string | undefined {
  if (text === undefined || text.length > MAX_LENGTH || !/^\/(?![/\\])[\x21-\x7e]*$/.test(text)) {
    return undefined;
  }
  if (text.includes('\\') || !URL.canParse(text, NOWHERE)) return undefined;
  const { origin, pathname, search, hash } = new URL(text, NOWHERE);
  if (origin !== NOWHERE || pathname.startsWith('//')) return undefined;
  return `${pathname}${search}${hash}`;
}
