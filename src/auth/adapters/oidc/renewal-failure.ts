import { ResponseBodyError } from 'openid-client';
import { ProviderUnavailable, SignInFailed } from '../../domain/sign-in.errors.js';

/** What a provider answers when the person has to come again (RFC 6749, section 5.2; OpenID Connect Core, 3.1.2.6). */
const ABOUT_PERSON: ReadonlySet<string> = new Set([
  'invalid_grant',
  'interaction_required',
  'login_required',
  'consent_required',
]);

/** Whether a provider refuses to renew a sign-in. A refused client or an outage says nothing about the person. */
export function isRefusedRenewal(error: unknown): boolean {
  return error instanceof ResponseBodyError && ABOUT_PERSON.has(error.error);
}

/** Every other failure; only texts of our own and codes of the library reach the log (threat J5). */
export function renewalFailure(error: unknown): ProviderUnavailable {
  if (error instanceof ProviderUnavailable) return error;
  if (error instanceof SignInFailed) return new ProviderUnavailable(error.message, error);
  const { code } = (error ?? {}) as { code?: unknown };
  const why = typeof code === 'string' && /^[A-Za-z_]{1,60}$/.test(code) ? ` (${code})` : '';
  return new ProviderUnavailable(`The identity provider did not renew a sign-in${why}`, error);
}
