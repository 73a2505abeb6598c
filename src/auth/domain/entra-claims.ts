import type { TokenClaims } from './publisher-claims.js';

/** Who an access token of Entra ID speaks for. */
export type EntraSubject =
  | { readonly kind: 'user'; readonly subject: string; readonly tokenId: string }
  | {
      readonly kind: 'service';
      /** Object id of the service principal. */
      readonly objectId: string;
      readonly name: string;
    };

/**
 * Who a verified token of the tenant speaks for: a user (delegated, with scopes) or an application. `undefined` for a
 * token of another tenant (threat B14) and for an ID token, which is no access token (threat B3): that has neither a
 * client (`azp`, `appid`) nor scopes.
 */
export function entraSubject(claims: TokenClaims, tenantId: string): EntraSubject | undefined {
  const { tid, iat, nonce } = claims;
  if (typeof tid !== 'string' || tid.toLowerCase() !== tenantId || typeof iat !== 'number') return undefined;
  const client = text(claims, 'azp') ?? text(claims, 'appid');
  if (client === undefined || nonce !== undefined) return undefined;
  const [subject, objectId] = [text(claims, 'sub'), text(claims, 'oid')];
  if (subject === undefined) return undefined;
  const kind = text(claims, 'idtyp');
  if (text(claims, 'scp') !== undefined && kind !== 'app')
    return { kind: 'user', subject, tokenId: text(claims, 'uti') ?? subject };
  // The subject of an application is its object id; that of a user never is.
  if ((kind !== undefined && kind !== 'app') || objectId === undefined || objectId !== subject)
    return undefined;
  return { kind: 'service', objectId, name: text(claims, 'app_displayname') ?? client };
}

/**
 * The groups and application roles that a token names. Groups that do not fit into the token are none, rather than
 * those of an earlier one (threat B14). `groupClaimName`: `''` is `groups`; dots walk into objects.
 */
export function entraGroups(claims: TokenClaims, groupClaimName: string): string[] {
  const isOveraged = claims['_claim_names'] !== undefined || claims['hasgroups'] !== undefined;
  const groups = isOveraged ? [] : texts(at(claims, groupClaimName || 'groups'));
  return [...groups, ...texts(claims['roles'])];
}

function at(claims: TokenClaims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, name)
          ? (value as TokenClaims)[name]
          : undefined,
      claims,
    );
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function text(claims: TokenClaims, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
