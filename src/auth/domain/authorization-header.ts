/** What an `Authorization` header carries. */
export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'not-bearer' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'several' };

const SCHEME = /^(\S+)(?:[ \t]+(.*))?$/;

/**
 * Reads the values of all `Authorization` headers of a request: one, `Bearer <token>` with the scheme in any
 * case. Where `isBasicUnderstood`, also `Basic` with the token as password; the user name does not matter.
 */
export function readAuthorization(values: readonly string[], isBasicUnderstood: boolean): Credential {
  if (values.length === 0) return { kind: 'none' };
  if (values.length > 1) return { kind: 'several' };
  const [, scheme = '', rest = ''] = SCHEME.exec(values[0]!.trim()) ?? [];
  if (scheme.toLowerCase() === 'bearer') return tokenOf(rest.trim());
  if (scheme.toLowerCase() === 'basic' && isBasicUnderstood) return tokenOf(passwordOf(rest.trim()));
  return { kind: 'not-bearer' };
}

function tokenOf(token: string): Credential {
  return token === '' ? { kind: 'empty' } : { kind: 'token', token };
}

function passwordOf(encoded: string): string {
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon === -1 ? '' : decoded.slice(colon + 1);
}
