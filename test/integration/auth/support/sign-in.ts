import { expect } from 'vitest';
import type { Answer } from '../../../support/http-request.js';
import type { Browser } from '../../../support/browser.js';
import type { TestApp, TestSettings } from '../../../support/test-app.js';

export const CLIENT_ID = 'registry';
/** TEST ONLY. */
export const CLIENT_SECRET = 'test-only-client-secret-of-the-registry';
export const CALLBACK = 'http://registry.test/api/v1/auth/callback';
export const PAGE = 'http://registry.test/auth/callback';

/** The settings of a registry whose provider is on loopback. */
export function oidcSettings(issuer: string, more: TestSettings = {}): TestSettings {
  return {
    TFR_AUTH_OIDC_ENABLED: 'true',
    TFR_AUTH_OIDC_ISSUER_URL: issuer,
    TFR_AUTH_OIDC_CLIENT_ID: CLIENT_ID,
    TFR_AUTH_OIDC_CLIENT_SECRET: CLIENT_SECRET,
    TFR_SECURITY_EGRESS_ALLOWLIST: '127.0.0.1',
    ...more,
  };
}

/** What the page after sign-in was told. */
export interface Told {
  readonly token?: string;
  readonly error?: string;
}

/** The outcome of a callback: always a redirect to the page of the browser side and nowhere else. */
export function toldBy({ status, headers, body }: Answer): Told {
  expect(status, body.toString()).toBe(302);
  const location = new URL(String(headers.location));
  expect(`${location.origin}${location.pathname}`).toBe(PAGE);
  const { token, error, error_description: description } = Object.fromEntries(location.searchParams);
  if (error !== undefined) expect(description).toMatch(/^[A-Z][^<>]+\.$/);
  return { ...(token !== undefined && { token }), ...(error !== undefined && { error }) };
}

/** Signs in with the certified provider; gives what the page was told. */
export async function signIn(browser: Browser, query = ''): Promise<Told> {
  const callback = await browser.follow(`/api/v1/auth/login${query}`, CALLBACK);
  return toldBy(await browser.open(callback));
}

/** Who the browser is to the registry, by session handle and cookie; `undefined` when nobody. */
export async function whoIs(browser: Browser, token: string | undefined): Promise<string | undefined> {
  const answer = await browser.open('/api/v1/auth/me', { authorization: `Bearer ${token}` });
  return answer.status === 200 ? answer.json<{ user: { email: string } }>().user.email : undefined;
}

/** The roles of a user by organization, with `!` behind those given by hand. */
export async function rolesOf(app: TestApp, email: string): Promise<Record<string, string>> {
  const rows = await app.query<{ organization: string; role: string; source: string }>(
    `SELECT o.name AS organization, r.name AS role, m.source
     FROM memberships m JOIN users u ON u.id = m.user_id JOIN organizations o ON o.id = m.organization_id
     JOIN role_templates r ON r.id = m.role_template_id WHERE u.email = $1`,
    [email],
  );
  return Object.fromEntries(
    rows.map(({ organization, role, source }) => [organization, source === 'mapped' ? role : `${role}!`]),
  );
}
