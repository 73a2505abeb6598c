import { SCOPE_NAMES } from '../kernel/scope-names.js';
import type { ConfiguredValues } from './configured-values.js';

const CALLBACK = '/api/v1/auth/callback';
const SHORTEST_SYNC_MS = 60_000;
const MAPPING_FIELDS = ['group', 'organization', 'role'];

/** Fills the values of the sign-in providers that follow from other settings. */
export function deriveSignIn(values: ConfiguredValues): void {
  const { oidc, azureAd, server } = values.app;
  const callback = `${server.publicUrl}${CALLBACK}`;
  values.assign(oidc, {
    redirectUrl: oidc.redirectUrl ?? callback,
    frontendUrl: values.isSet('server.public_url') ? server.publicUrl : undefined,
  });
  values.assign(azureAd, {
    redirectUrl: azureAd.redirectUrl ?? callback,
    groupClaimName: azureAd.groupClaimName ?? oidc.groupClaimName,
  });
  const { clientId } = azureAd;
  if (!values.isSet('auth.azure_ad.audience') && clientId !== undefined) {
    values.assign(azureAd, { audience: [clientId, `api://${clientId}`] });
  }
}

/** Checks that what is switched on is complete and can be used safely. */
export function checkSignIn(values: ConfiguredValues): void {
  checkOidc(values);
  checkAzureAd(values);
  checkLoginScopes(values);
  checkGroupSync(values);
  for (const name of ['oidc', 'azureAd'] as const) {
    const key = `auth.${name === 'oidc' ? 'oidc' : 'azure_ad'}.redirect_url`;
    const { redirectUrl } = values.app[name];
    if (redirectUrl?.endsWith(CALLBACK) === false && !values.isFaulty(key)) {
      values.refuse(key, `expected the callback address of this server, which ends in ${CALLBACK}`);
    }
  }
}

function checkOidc(values: ConfiguredValues): void {
  const { oidc, secrets } = values.app;
  const key = 'auth.oidc.group_mappings';
  if (!values.isFaulty(key) && !isMappingList(oidc.groupMappings)) {
    values.refuseForm(key, 'expected a list of {group, organization, role}, each with a text');
  }
  if (!oidc.enabled) return;
  requireAll(values, 'auth.oidc', {
    issuer_url: oidc.issuerUrl,
    client_id: oidc.clientId,
    client_secret: oidc.clientSecret,
  });
  if (!oidc.scopes.includes('openid')) {
    values.refuse('auth.oidc.scopes', 'expected openid among the scopes');
  }
  const issuer = 'auth.oidc.issuer_url';
  if (oidc.issuerUrl === undefined || values.isFaulty(issuer)) return;
  if (!isSafeIssuer(oidc.issuerUrl, secrets.devMode)) {
    values.refuse(issuer, 'expected an https address; http is for loopback and development mode');
  }
}

function checkAzureAd(values: ConfiguredValues): void {
  const { azureAd, secrets } = values.app;
  if (!azureAd.enabled) return;
  const authority = 'auth.azure_ad.authority_url';
  if (!values.isFaulty(authority) && !isSafeIssuer(azureAd.authorityUrl, secrets.devMode)) {
    values.refuse(authority, 'expected an https address; http is for loopback and development mode');
  }
  requireAll(values, 'auth.azure_ad', {
    tenant_id: azureAd.tenantId,
    client_id: azureAd.clientId,
    client_secret: azureAd.clientSecret,
  });
  if (!azureAd.scopes.includes('openid')) {
    values.refuse('auth.azure_ad.scopes', 'expected openid among the scopes');
  }
}

function checkGroupSync(values: ConfiguredValues): void {
  const { groupSyncIntervalMs } = values.app.oidc;
  if (groupSyncIntervalMs > 0 && groupSyncIntervalMs < SHORTEST_SYNC_MS) {
    values.refuse('auth.group_sync_interval', 'expected 0, or at least 1m');
  }
}

function checkLoginScopes(values: ConfiguredValues): void {
  const key = 'auth.login.scopes';
  if (values.isFaulty(key)) return;
  const known: readonly string[] = SCOPE_NAMES;
  const unknown = values.app.login.scopes.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    values.refuseForm(key, `expected scopes that exist (${known.join(', ')})`);
  }
}

function requireAll(
  values: ConfiguredValues,
  section: string,
  settings: Record<string, string | undefined>,
): void {
  for (const [name, value] of Object.entries(settings)) {
    const key = `${section}.${name}`;
    if (value === undefined && !values.isFaulty(key)) {
      values.refuse(key, `expected a value, because ${section}.enabled is true`);
    }
  }
}

function isMappingList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((one: unknown) => {
      if (typeof one !== 'object' || one === null) return false;
      const fields = one as Record<string, unknown>;
      return MAPPING_FIELDS.every((field) => typeof fields[field] === 'string' && fields[field] !== '');
    })
  );
}

/** Whether an issuer may be used: https, or http on loopback or in development mode (REST contract 11). */
export function isSafeIssuer(issuerUrl: string, isDevMode: boolean): boolean {
  if (!URL.canParse(issuerUrl)) return false;
  const { protocol, hostname } = new URL(issuerUrl);
  if (protocol === 'https:') return true;
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
  return protocol === 'http:' && (isDevMode || isLoopback);
}
