const PLAIN = /^[A-Za-z0-9._+-]+$/;

/**
 * `Content-Disposition` that saves a download under `filename`: quoted when that is plain ASCII, and with the exact
 * name in the encoding of RFC 5987 otherwise. Whatever the name contains, the header cannot be broken out of.
 */
export function attachment(filename: string): string {
  if (PLAIN.test(filename)) return `attachment; filename="${filename}"`;
  const fallback = filename.replace(/[^A-Za-z0-9._+ -]/gu, '_');
  return `attachment; filename="${fallback}"; filename*=UTF-8''${encoded(filename.toWellFormed())}`;
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
