import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../support/http-request.js';
import { TestApp } from '../../support/test-app.js';

const FORM = 'application/x-www-form-urlencoded';
const PATHS = ['/api/v1/oauth/token', '/api/v1/auth/token-exchange', '/api/v1/auth/backchannel-logout'];

/** The form of RFC 6749, section 5.2; gives the code. */
function codeIn({ headers, body, json }: Answer): string {
  const { error, error_description: description } = json<Record<string, string>>();
  expect(description, body.toString()).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]{5,}$/);
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['content-type']).toMatch(/^application\/json/);
  return error!;
}

describe.each(PATHS)('what is wrong before the handler of %s', (path) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({
      TFR_SECURITY_RATE_LIMITING_ENABLED: 'true',
      TFR_SECURITY_RATE_LIMITING_AUTH_REQUESTS_PER_MINUTE: '1',
      TFR_SECURITY_RATE_LIMITING_AUTH_BURST: '8',
    });
  });
  afterAll(() => app.stop());

  const post = (body: Buffer | string, type = FORM) =>
    app.request(path, { method: 'POST', headers: { 'content-type': type }, body });

  it('is answered in the form of RFC 6749', async () => {
    const cases: [name: string, status: number, answer: Promise<Answer>][] = [
      ['a field twice', 400, post('grant_type=a&grant_type=b')],
      ['bytes that are not UTF-8', 400, post(Buffer.from([0x61, 0x3d, 0xff]))],
      ['too many fields', 400, post(Array.from({ length: 101 }, (_one, at) => `f${at}=1`).join('&'))],
      ['another media type', 415, post('<a/>', 'application/xml')],
      ['broken JSON', 400, post('{', 'application/json')],
      ['too much', 413, post(`a=${'x'.repeat(3_000_000)}`)],
      ['another method', 405, app.request(path)],
    ];
    for (const [name, status, answer] of cases) {
      expect([name, (await answer).status]).toEqual([name, status]);
      expect(codeIn(await answer)).toBe('invalid_request');
    }
  });

  it('is so above the rate limit too', async () => {
    const answers: Answer[] = [];
    for (let count = 0; count < 12; count += 1) answers.push(await post('a=b'));
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(0);
    for (const answer of limited) {
      expect(codeIn(answer)).toBe('temporarily_unavailable');
      expect(answer.json()).toMatchObject({
        code: 'rate_limited',
        retry_after: expect.any(Number) as number,
      });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
  });
});
