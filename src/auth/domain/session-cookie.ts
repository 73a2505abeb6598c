/** The cookies of REST contract 2.2. */
export const SESSION_COOKIE = 'tfr_session';
export const CSRF_COOKIE = 'tfr_csrf';
export const LOGIN_COOKIE = 'tfr_login';
export const SCM_STATE_COOKIE = 'tfr_scm_state';

/**
 * The session cookie in a `Cookie` header. Two with different values are none: a neighboring site may have planted
 * one of them, and nobody can tell which.
 */
export function readSessionCookie(header: string | undefined): string | undefined {
  if (header === undefined || !header.includes(SESSION_COOKIE)) return undefined;
  const values = new Set<string>();
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (at !== -1 && pair.slice(0, at).trim() === SESSION_COOKIE) values.add(pair.slice(at + 1).trim());
  }
  const [value] = values;
  return values.size === 1 ? value : undefined;
}
