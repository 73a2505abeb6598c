import { generateKeyPair, exportJWK, type JWK } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { IssuerUnavailable } from './domain/trusted-publishers.errors.js';
import { IssuerKeys } from './issuer-keys.js';

const ISSUER = 'https://ci.example.com/tokens';
const PACE = { refreshMs: 600_000, cooldownMs: 30_000, retryMs: 5_000 };
const HEADER = { alg: 'RS256', kid: 'a' };

let jwk: JWK;
beforeAll(async () => {
  const { publicKey } = await generateKeyPair('RS256', { extractable: true });
  jwk = { ...(await exportJWK(publicKey)), kid: 'a', alg: 'RS256' };
});

/** An issuer that answers what it is told, and a clock that stands still. */
function anIssuer(told: { discovery?: object; status?: number } = {}) {
  const clock = { ms: 0 };
  const asked: string[] = [];
  const state = { isDown: false, keys: [jwk], ...told };
  const fetch = (input: string | URL): Promise<Response> => {
    asked.push(String(input).slice(ISSUER.length));
    if (state.isDown) return Promise.reject(new Error('unreachable'));
    const discovery = { issuer: ISSUER, jwks_uri: `${ISSUER}/keys`, ...state.discovery };
    const body = String(input).endsWith('/keys') ? { keys: state.keys } : discovery;
    return Promise.resolve(Response.json(body, { status: state.status ?? 200 }));
  };
  return { clock, asked, state, keys: new IssuerKeys(ISSUER, fetch, PACE, () => clock.ms) };
}

describe('the keys of an issuer', () => {
  it('are found by its discovery document, once for all who ask', async () => {
    const { keys, asked } = anIssuer();
    await Promise.all(Array.from({ length: 50 }, () => keys.find(HEADER)));
    expect(asked).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  it('are read again when they are old, and stay good while that fails (B5)', async () => {
    const { keys, asked, clock, state } = anIssuer();
    await keys.find(HEADER);
    clock.ms = PACE.refreshMs - 1;
    await keys.find(HEADER);
    expect(asked).toHaveLength(2);
    clock.ms = PACE.refreshMs;
    await keys.find(HEADER);
    expect(asked).toHaveLength(4);
    state.isDown = true;
    clock.ms = 10 * PACE.refreshMs;
    await keys.find(HEADER);
    await keys.find(HEADER);
    expect(asked).toHaveLength(5);
    clock.ms += PACE.retryMs;
    await keys.find(HEADER);
    expect(asked).toHaveLength(6);
  });

  it('are not asked for again at once when none are known', async () => {
    const { keys, asked, clock, state } = anIssuer();
    state.isDown = true;
    for (let round = 0; round < 10; round += 1)
      await expect(keys.find(HEADER)).rejects.toThrow(IssuerUnavailable);
    expect(asked).toHaveLength(1);
    state.isDown = false;
    clock.ms = PACE.retryMs;
    await keys.find(HEADER);
    expect(asked).toHaveLength(3);
  });

  it('are not read again for an unknown id within the pause (B5)', async () => {
    const { keys, asked } = anIssuer();
    for (let round = 0; round < 100; round += 1)
      await expect(keys.find({ alg: 'RS256', kid: `x${round}` })).rejects.toThrow();
    expect(asked).toHaveLength(2);
  });

  it.each<[string, object]>([
    ['another issuer', { issuer: 'https://other.example.com' }],
    ['the issuer with a slash', { issuer: `${ISSUER}/` }],
    ['no issuer', { issuer: undefined }],
    ['keys without TLS', { jwks_uri: 'http://ci.example.com/tokens/keys' }],
    ['keys that are no address', { jwks_uri: 'keys' }],
    ['no keys', { jwks_uri: undefined }],
  ])('are not those of a document with %s', async (_, discovery) => {
    const { keys, asked } = anIssuer({ discovery });
    await expect(keys.find(HEADER)).rejects.toThrow(IssuerUnavailable);
    expect(asked).toEqual(['/.well-known/openid-configuration']);
  });

  it('are not those of an answer that is no success', async () => {
    await expect(anIssuer({ status: 404 }).keys.find(HEADER)).rejects.toThrow(IssuerUnavailable);
    const page = new IssuerKeys(ISSUER, () => Promise.resolve(new Response('<html>')), PACE);
    await expect(page.find(HEADER)).rejects.toThrow(IssuerUnavailable);
  });
});
