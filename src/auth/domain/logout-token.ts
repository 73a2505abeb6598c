import { LogoutTokenRefused } from './sign-in.errors.js';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const MAX_LENGTH = 255;

/** Which sessions a logout token ends. At least one of `subject` and `sid` is there. */
export interface LogoutFacts {
  readonly subject: string | undefined;
  readonly sid: string | undefined;
  /** `jti`, good for one use. */
  readonly tokenId: string;
}

/**
 * What the claims of a logout token say, once signature, issuer, audience and times are right (OpenID Connect
 * Back-Channel Logout 1.0, section 2.6). Throws {@link LogoutTokenRefused}; every identity token is refused.
 */
export function logoutFacts(claims: Readonly<Record<string, unknown>>): LogoutFacts {
  const { sub, sid, jti, events } = claims;
  if (!isObject(events) || !Object.hasOwn(events, EVENT) || !isObject(events[EVENT])) {
    throw new LogoutTokenRefused('The token is not about a back-channel logout');
  }
  if (Object.hasOwn(claims, 'nonce')) throw new LogoutTokenRefused('A logout token has no nonce');
  if (!isName(jti)) throw new LogoutTokenRefused('The token has no usable jti');
  if ((sub !== undefined && !isName(sub)) || (sid !== undefined && !isName(sid))) {
    throw new LogoutTokenRefused('The sub and sid of the token must be texts');
  }
  if (sub === undefined && sid === undefined)
    throw new LogoutTokenRefused('The token has neither sub nor sid');
  return { subject: sub, sid, tokenId: jti };
}

/** A name as providers give them; longer ones are never stored, so nothing would be found. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
