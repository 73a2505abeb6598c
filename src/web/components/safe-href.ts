const WEB = /^https?:\/\/[^\s\\]+$/i;
const OWN_PATH = /^\/(?![/\\])[^\s\\]*$/;

/**
 * `href` when a click on it stays on the web: a path of this site, or an address with `http` or `https`. Escaping does
 * not help against `javascript:` and `data:`, so every link of a page comes through here.
 */
export function safeHref(href: string): string | undefined {
  return OWN_PATH.test(href) || (WEB.test(href) && URL.canParse(href)) ? href : undefined;
}
