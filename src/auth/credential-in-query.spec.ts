import { describe, expect, it } from 'vitest';
import { carriesCredential } from './credential-in-query.js';
import { ApiKeyToken } from './domain/api-key-token.js';
import { SessionSecret } from './domain/session-secret.js';

const key = ApiKeyToken.generate('tfr_').text;
const handle = SessionSecret.newHandle();

describe('a credential in a query string', () => {
  it.each([
    `/x?token=${handle}`,
    '/x?token=a',
    '/x?ACCESS_TOKEN=a',
    `/x?q=${key}`,
    `/x?a=b&api_key=c`,
    `/auth/callback?token=${key}`,
  ])('is seen in %s', (target) => {
    expect(carriesCredential(target)).toBe(true);
  });

  it.each([
    '/x',
    '/x?',
    '/x?q=token',
    '/x?token=',
    '/api/v1/auth/callback?state=abc&code=def',
    `/auth/callback?token=${handle}`,
  ])('is not seen in %s', (target) => {
    expect(carriesCredential(target)).toBe(false);
  });
});
