import { describe, expect, it } from 'vitest';
import { SCOPE_NAMES } from '../kernel/scope-names.js';
import type { AppConfig } from './app-config.js';
import { ConfigProblems } from './config-problems.js';
import { loadConfig } from './load-config.js';
import { isSafeIssuer } from './sign-in-rules.js';

const BASE = {
  TFR_DATABASE_HOST: 'db.internal',
  ENCRYPTION_KEY: 'hex:8f1c0b5e7a934d26e8b1f05a6c7d3924b0e1f2a3958674d5c6e7f80912a3b4c5',
  TFR_JWT_SECRET: 'q7Zt2mXw9Lk4Vb1Nc8Rf5Yh3Jd6Gs0Pa',
};
const OIDC = {
  TFR_AUTH_OIDC_ENABLED: 'true',
  TFR_AUTH_OIDC_ISSUER_URL: 'https://idp.example.com/realm/',
  TFR_AUTH_OIDC_CLIENT_ID: 'registry',
  TFR_AUTH_OIDC_CLIENT_SECRET: 'test-only-client-secret',
};
const TENANT = '3f2c8a34-1111-4222-8333-944445555666';
const AZURE = {
  TFR_AUTH_AZURE_AD_ENABLED: 'true',
  TFR_AUTH_AZURE_AD_TENANT_ID: TENANT,
  TFR_AUTH_AZURE_AD_CLIENT_ID: 'app',
  TFR_AUTH_AZURE_AD_CLIENT_SECRET: 'test-only-client-secret',
};

const load = (env: Record<string, string>): AppConfig =>
  loadConfig({ env: { ...BASE, ...env }, argv: [], cwd: '/nowhere' }).config;

function problemsOf(env: Record<string, string>): string[] {
  try {
    load(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    return error.problems.map(({ name }) => name);
  }
}

describe('settings of the sign-in providers', () => {
  it('derive the callback address from the public URL', () => {
    const { oidc, azureAd } = load({
      ...OIDC,
      ...AZURE,
      TFR_SERVER_PUBLIC_URL: 'https://registry.example.com',
    });
    const callback = 'https://registry.example.com/api/v1/auth/callback';
    expect([oidc.redirectUrl, azureAd.redirectUrl]).toEqual([callback, callback]);
    expect(oidc.frontendUrl).toBe('https://registry.example.com');
    expect(load(OIDC).oidc.frontendUrl).toBeUndefined();
  });

  it('give Azure AD its audiences and the group claim of OIDC', () => {
    const { azureAd } = load({ ...AZURE, TFR_AUTH_OIDC_GROUP_CLAIM_NAME: 'roles' });
    expect(azureAd).toMatchObject({ audience: ['app', 'api://app'], groupClaimName: 'roles' });
    expect(load({ ...AZURE, TFR_AUTH_AZURE_AD_AUDIENCE: 'a,b' }).azureAd.audience).toEqual(['a', 'b']);
  });

  it('let roles follow groups every quarter of an hour, or as often as said, or not at all', () => {
    expect(load(OIDC).oidc.groupSyncIntervalMs).toBe(900_000);
    const intervals = ['0', '1m', '7d'].map((text) => load({ TFR_AUTH_GROUP_SYNC_INTERVAL: text }).oidc);
    expect(intervals.map(({ groupSyncIntervalMs }) => groupSyncIntervalMs)).toEqual([0, 60_000, 604_800_000]);
  });

  it('read the group mapping from JSON', () => {
    const mappings = [{ group: 'a', organization: 'default', role: 'viewer' }];
    const { oidc } = load({ TFR_AUTH_OIDC_GROUP_MAPPINGS: JSON.stringify(mappings) });
    expect(oidc.groupMappings).toEqual(mappings);
  });

  it.each<[string, Record<string, string>, string[]]>([
    [
      'nothing but the switch of OIDC',
      { TFR_AUTH_OIDC_ENABLED: 'true' },
      ['auth.oidc.issuer_url', 'auth.oidc.client_id', 'auth.oidc.client_secret'],
    ],
    [
      'nothing but the switch of Azure AD',
      { TFR_AUTH_AZURE_AD_ENABLED: 'true' },
      ['auth.azure_ad.tenant_id', 'auth.azure_ad.client_id', 'auth.azure_ad.client_secret'],
    ],
    [
      'http elsewhere',
      { ...OIDC, TFR_AUTH_OIDC_ISSUER_URL: 'http://idp.example.com' },
      ['auth.oidc.issuer_url'],
    ],
    ['no openid', { ...OIDC, TFR_AUTH_OIDC_SCOPES: 'email' }, ['auth.oidc.scopes']],
    [
      'the page of the web client',
      { TFR_AUTH_OIDC_REDIRECT_URL: 'https://registry.example.com/auth/callback' },
      ['auth.oidc.redirect_url'],
    ],
    [
      'a mapping without role',
      { TFR_AUTH_OIDC_GROUP_MAPPINGS: '[{"group":"a","organization":"b"}]' },
      ['auth.oidc.group_mappings'],
    ],
    [
      'a mapping that is an object',
      { TFR_AUTH_OIDC_GROUP_MAPPINGS: '{"a":"b"}' },
      ['auth.oidc.group_mappings'],
    ],
    ['a group sync below a minute', { TFR_AUTH_GROUP_SYNC_INTERVAL: '59s' }, ['auth.group_sync_interval']],
    ['a group sync after a week', { TFR_AUTH_GROUP_SYNC_INTERVAL: '8d' }, ['auth.group_sync_interval']],
    [
      'scopes of Azure AD without openid',
      { ...AZURE, TFR_AUTH_AZURE_AD_SCOPES: 'email' },
      ['auth.azure_ad.scopes'],
    ],
    ['the tenant common', { ...AZURE, TFR_AUTH_AZURE_AD_TENANT_ID: 'common' }, ['auth.azure_ad.tenant_id']],
    [
      'an authority by http',
      { ...AZURE, TFR_AUTH_AZURE_AD_AUTHORITY_URL: 'http://login.example.com' },
      ['auth.azure_ad.authority_url'],
    ],
    [
      'a network that is none',
      { TFR_SECURITY_EGRESS_ALLOWLIST: '10.0.0.0/33' },
      ['security.egress.allowlist'],
    ],
    [
      'a target with a scheme',
      { TFR_SECURITY_EGRESS_ALLOWLIST: 'https://idp.example.com' },
      ['security.egress.allowlist'],
    ],
    ['a proxy without scheme', { HTTPS_PROXY: 'proxy.internal:3128' }, ['HTTPS_PROXY']],
    [
      'authorities that are not there',
      { TFR_SECURITY_EGRESS_CA_FILE: '/nowhere/ca.pem' },
      ['security.egress.ca_file'],
    ],
  ])('refuse %s', (_name, env, problems) => {
    expect(problemsOf(env)).toEqual(problems);
  });

  it('accept names, wildcards, addresses and networks as targets', () => {
    const entries = ['idp.internal', '*.corp.example.com', '10.1.2.3', 'fd00::/8', '10.0.0.0/8', '::1', '*'];
    expect(load({ TFR_SECURITY_EGRESS_ALLOWLIST: entries.join(',') }).egress.allowlist).toEqual(entries);
  });
});

describe('an issuer', () => {
  it.each<[string, boolean, boolean]>([
    ['https://idp.example.com', false, true],
    ['http://127.0.0.1:8080', false, true],
    ['http://localhost', false, true],
    ['http://[::1]', false, true],
    ['http://idp.example.com', false, false],
    ['http://idp.example.com', true, true],
    ['http://127.0.0.1.example.com', false, false],
    ['ftp://127.0.0.1', true, false],
    ['idp', true, false],
  ])('%s (development mode: %s) is safe: %s', (url, isDevMode, isSafe) => {
    expect(isSafeIssuer(url, isDevMode)).toBe(isSafe);
  });
});

describe('the scopes of terraform login', () => {
  const scopes = (text: string) => ({ TFR_AUTH_LOGIN_SCOPES: text });

  it('may be all there are', () => {
    expect(problemsOf(scopes(SCOPE_NAMES.join(',')))).toEqual([]);
    expect(load({}).login.scopes).toEqual(['modules:read', 'providers:read']);
  });

  it.each([
    'modules:reed',
    'modules:read,admin,moduls:read',
    'module:read',
    'organizations:manage',
    'Admin',
    '*',
  ])('are refused as %s, together with every other problem', (text) => {
    const wrong = { ...scopes(text), TFR_SERVER_PORT: '0', TFR_AUTH_OIDC_ENABLED: 'true' };
    expect(problemsOf(wrong)).toEqual(
      expect.arrayContaining(['auth.login.scopes', 'server.port', 'auth.oidc.issuer_url']),
    );
    expect(problemsOf(wrong).filter((name) => name === 'auth.login.scopes')).toHaveLength(1);
  });
});
