/** Headers by lower-case name. */
export type HeaderSet = Readonly<Record<string, string>>;

/** The headers that every response carries (REST contract 2.6), whatever the public URL. */
export const BASE_SECURITY_HEADERS: HeaderSet = Object.freeze({
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-permitted-cross-domain-policies': 'none',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
});

const STRICT_TRANSPORT_SECURITY = 'max-age=31536000; includeSubDomains';

/** The part of the configuration that decides about the headers. */
export interface SecurityHeaderSettings {
  readonly publicUrl: string;
  readonly hstsEnabled: boolean;
}

/** The security headers of this server; `Strict-Transport-Security` only when the public URL is https. */
export function securityHeaders({ publicUrl, hstsEnabled }: SecurityHeaderSettings): HeaderSet {
  if (!hstsEnabled || !publicUrl.startsWith('https://')) return BASE_SECURITY_HEADERS;
  return Object.freeze({
    ...BASE_SECURITY_HEADERS,
    'strict-transport-security': STRICT_TRANSPORT_SECURITY,
  });
}

/** The same as `name, value, name, value, …`, as `ServerResponse.writeHead` takes it. */
export function flatSecurityHeaders(settings: SecurityHeaderSettings): readonly string[] {
  return Object.freeze(Object.entries(securityHeaders(settings)).flat());
}
