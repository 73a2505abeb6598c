import { type Scope } from '../../access/scope.js';
import { PUBLISHER_SCOPES } from './trusted-publisher.js';
import { TokenExchangeRefused } from './trusted-publishers.errors.js';

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
const SUBJECT_TYPES: ReadonlySet<string> = new Set([
  'urn:ietf:params:oauth:token-type:id_token',
  'urn:ietf:params:oauth:token-type:jwt',
]);
const MAX_BYTES = 16 * 1024;
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** A request for an exchange, in the words of RFC 8693. */
export interface ExchangeRequest {
  readonly subjectToken: string;
  /** The scopes that are asked for; `undefined` asks for all. */
  readonly scopes: readonly string[] | undefined;
  readonly audience: string | undefined;
}

/** Reads the fields of the form. Throws {@link TokenExchangeRefused} with `invalid_request`. */
export function readExchangeRequest(form: unknown): ExchangeRequest {
  const fields = fieldsOf(form);
  if (fields['grant_type'] !== GRANT_TYPE)
    throw TokenExchangeRefused.request(`grant_type must be ${GRANT_TYPE}`);
  const type = fields['subject_token_type'] ?? '';
  if (!SUBJECT_TYPES.has(type)) {
    const [expected] = SUBJECT_TYPES;
    throw TokenExchangeRefused.request(`subject_token_type must be ${expected}`);
  }
  const wanted = fields['requested_token_type'] ?? ACCESS_TOKEN_TYPE;
  if (wanted !== ACCESS_TOKEN_TYPE)
    throw TokenExchangeRefused.request(`requested_token_type can only be ${ACCESS_TOKEN_TYPE}`);
  const subjectToken = fields['subject_token'] ?? '';
  if (!COMPACT.test(subjectToken)) throw TokenExchangeRefused.request('subject_token must be a signed JWT');
  const scopes = fields['scope']?.split(' ').filter((scope) => scope !== '');
  return {
    subjectToken,
    scopes: scopes?.length ? scopes : undefined,
    audience: fields['audience'] || undefined,
  };
}

/** The scopes of the token: those of the publisher, cut to what is asked. Throws `invalid_scope`. */
export function exchangedScopes(
  held: readonly Scope[],
  asked: readonly string[] | undefined,
): readonly Scope[] {
  if (asked === undefined) return held;
  const isHeld = (name: string) =>
    held.some((scope) => scope === name || scope.replace(/:write$/, ':read') === name);
  if (!asked.every(isHeld)) throw TokenExchangeRefused.scope();
  return PUBLISHER_SCOPES.filter((scope) => asked.includes(scope));
}

function fieldsOf(form: unknown): Readonly<Record<string, string | undefined>> {
  if (typeof form !== 'object' || form === null || Array.isArray(form))
    throw TokenExchangeRefused.request('The request must be a form');
  let bytes = 0;
  for (const [name, value] of Object.entries(form)) {
    if (typeof value !== 'string') throw TokenExchangeRefused.request('Every field must be a text');
    bytes += name.length + Buffer.byteLength(value);
  }
  if (bytes > MAX_BYTES)
    throw TokenExchangeRefused.request(`The request must not be larger than ${MAX_BYTES} bytes`);
  return form as Readonly<Record<string, string | undefined>>;
}
