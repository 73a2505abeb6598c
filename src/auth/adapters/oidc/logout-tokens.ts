import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { LogoutTokenRefused, ProviderUnavailable } from '../../domain/sign-in.errors.js';
import type { ProviderClient } from '../../domain/sign-in-provider.js';
import type { KeySets } from './key-sets.js';
import type { OidcDiscovery } from './oidc-discovery.js';

const LEEWAY_SECONDS = 60;
const MAX_AGE_SECONDS = 300;
/** With what identity tokens may be signed: never with a secret that both sides know, never with nothing. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const TYPES = ['jwt', 'logout+jwt', 'application/logout+jwt'];

/** Logout tokens of identity providers, verified as their identity tokens are. */
export class LogoutTokens {
  constructor(
    private readonly discovery: OidcDiscovery,
    private readonly keys: KeySets,
  ) {}

  /** The claims of a token that this provider signed for this client lately. Throws as the port says. */
  async verify({ issuerUrl, clientId }: ProviderClient, token: string): Promise<JWTPayload> {
    const provider = await this.discovery.get(issuerUrl);
    const announced = provider.id_token_signing_alg_values_supported ?? ['RS256'];
    const keys = await this.keysAt(provider.jwks_uri!);
    try {
      const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), {
        issuer: provider.issuer,
        audience: clientId,
        algorithms: ALGORITHMS.filter((name) => announced.includes(name)),
        clockTolerance: LEEWAY_SECONDS,
        maxTokenAge: MAX_AGE_SECONDS,
      });
      const { aud, azp } = payload;
      const isForSeveral = Array.isArray(aud) && aud.length > 1;
      if ((isForSeveral || azp !== undefined) && azp !== clientId) throw new Error('another party');
      const { typ = 'JWT' } = protectedHeader;
      if (!TYPES.includes(String(typ).toLowerCase())) throw new Error('another kind of token');
      return payload;
    } catch (error) {
      throw new LogoutTokenRefused(
        'The logout token is not valid for this registry: check its signature, issuer, audience and age',
        error,
      );
    }
  }

  private async keysAt(url: string): Promise<JSONWebKeySet> {
    try {
      return (await (await this.keys.answer(url)).json()) as JSONWebKeySet;
    } catch (error) {
      throw new ProviderUnavailable('The keys of the identity provider cannot be read', error);
    }
  }
}
