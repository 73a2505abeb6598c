import { describe, expect, it } from 'vitest';
import { refusedAtEdge } from './request-edge.js';

const HANDLE = `tfrs_${'A'.repeat(22)}`;
const isRefused = (url: string): boolean =>
  refusedAtEdge({ url, httpVersion: '1.1', headers: { host: 'registry.test' }, rawHeaders: [] }) !==
  undefined;

describe('a credential in the address of a request (A7)', () => {
  it('is refused', () => {
    for (const url of [
      `/?token=${HANDLE}`,
      `/api/v1/auth/callback?token=${HANDLE}`,
      `/auth/callback?token=tfr_${'A'.repeat(43)}`,
      `/auth/callback?state=${HANDLE}`,
      `/auth/callback?token=${HANDLE}&x=${HANDLE}`,
      `/auth/callback?token=${HANDLE}&access_token=x`,
      `/auth/callback/?token=${HANDLE}A`,
    ]) {
      expect(isRefused(url), url).toBe(true);
    }
  });

  it('is not a session handle on the page to which sign-in leads', () => {
    expect(isRefused(`/auth/callback?token=${HANDLE}`)).toBe(false);
    expect(isRefused(`/auth/callback?token=${HANDLE}&x=1`)).toBe(false);
    expect(isRefused('/auth/callback?error=access_denied&error_description=No')).toBe(false);
  });
});
