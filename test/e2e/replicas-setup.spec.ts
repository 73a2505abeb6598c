import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../support/http-request.js';
import { Replicas } from '../support/replicas.js';

const ADMIN = { email: 'admin@example.com', password: 'correct horse battery' };
const CLOSED = 'Setup has already been completed. These endpoints are permanently disabled.';
const COMPLETIONS = 200;
const WRONG_TOKENS = 60;
/** What the contract allows an address in a minute. */
const FAILURES = 5;

describe('the first-run setup of several processes with one database (B16)', () => {
  let replicas: Replicas;
  let token: string;

  beforeAll(async () => {
    replicas = await Replicas.start({
      env: {
        TFR_SECURITY_RATE_LIMITING_ENABLED: 'true',
        TFR_SECURITY_RATE_LIMITING_STORE: 'database',
        TFR_SECURITY_RATE_LIMITING_AUTH_REQUESTS_PER_MINUTE: '1000',
        TFR_SECURITY_RATE_LIMITING_AUTH_BURST: '1000',
      },
    });
  }, 120_000);
  afterAll(() => replicas?.stop());

  const call = (
    at: number,
    step: string,
    { as = token, json = {}, from = '198.51.100.1' }: { as?: string; json?: object; from?: string } = {},
  ): Promise<Answer> =>
    replicas.request(at, `/api/v1/setup/${step}`, {
      method: 'POST',
      json,
      headers: { authorization: `SetupToken ${as}`, 'x-forwarded-for': from },
    });

  function countsOf(answers: readonly Answer[]): Record<number, number> {
    const counts: Record<number, number> = {};
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  it('shows one token, at one of them', async () => {
    const shown = () => replicas.all.flatMap(({ output }) => output.match(/tfr_setup_[\w-]{43}/g) ?? []);
    // It is printed when the process answers already.
    await expect.poll(shown, { timeout: 20_000 }).toHaveLength(1);
    token = shown()[0]!;
  });

  it('looks at five wrong tokens of an address, however many come at once to all of them', async () => {
    const from = '198.51.100.7';
    const answers = await Promise.all(
      Array.from({ length: WRONG_TOKENS }, (_, at) =>
        call(at, 'validate-token', { as: `tfr_setup_${'a'.repeat(43)}`, from }),
      ),
    );
    expect(countsOf(answers)).toEqual({ 401: FAILURES, 429: WRONG_TOKENS - FAILURES });
    expect((await call(1, 'validate-token')).status).toBe(200);
  });

  it(`is completed by exactly one of ${COMPLETIONS} calls at once, with one administrator`, async () => {
    expect((await call(1, 'admin', { json: ADMIN })).status).toBe(200);
    const answers = await Promise.all(
      Array.from({ length: COMPLETIONS }, (_, at) => call(at, 'complete', { from: `203.0.113.${at}` })),
    );
    expect(countsOf(answers)).toEqual({ 200: 1, 403: COMPLETIONS - 1 });
    const database = await replicas.database.open();
    const administrators: unknown[] = await database.query(
      `SELECT 1 FROM memberships m JOIN role_templates r ON r.id = m.role_template_id WHERE r.name = 'admin'`,
    );
    expect(administrators).toHaveLength(1);
  });

  it('stays closed for all of them, also after a restart, and the administrator signs in at each', async () => {
    const shown = replicas.at(0).output.length;
    await replicas.at(0).stop();
    await replicas.at(0).launch();
    expect(replicas.at(0).output.slice(shown)).not.toContain('tfr_setup_');
    for (const [at] of replicas.all.entries()) {
      for (const step of ['validate-token', 'admin', 'complete']) {
        const { status, json } = await call(at, step, { json: ADMIN });
        expect([step, status, json()['error']]).toEqual([step, 403, CLOSED]);
      }
      const signIn = await replicas.request(at, '/api/v1/auth/local/login', { method: 'POST', json: ADMIN });
      expect(signIn.status).toBe(200);
    }
  });
});
