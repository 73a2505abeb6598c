import { ApiKeyToken } from './domain/api-key-token.js';

const PARAMETERS: ReadonlySet<string> = new Set(['token', 'access_token', 'api_key', 'apikey', 'key']);

/** The page to which a browser comes back after sign-in; its `token` is a handle, or what `jwt` asks for. */
const LANDING_PAGE = '/auth/callback';

/** Whether the query of this request target carries a credential, which belongs into a header (REST contract 2.2). */
export function carriesCredential(target: string): boolean {
  const at = target.indexOf('?');
  if (at === -1) return false;
  const isLanding = target.slice(0, at) === LANDING_PAGE;
  for (const [name, value] of new URLSearchParams(target.slice(at + 1))) {
    if (ApiKeyToken.tryParse(value.trim()) !== undefined) return true;
    if (isLanding && name === 'token') continue;
    if (PARAMETERS.has(name.toLowerCase()) && value !== '') return true;
  }
  return false;
}
