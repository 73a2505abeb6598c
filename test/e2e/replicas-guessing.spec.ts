import { Agent } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeyToken } from '../../src/auth/domain/api-key-token.js';
import type { Answer } from '../support/http-request.js';
import { Replicas } from '../support/replicas.js';

/** Set KEY_GUESSES for more (10000 before a release). */
const KEY_GUESSES = Number(process.env['KEY_GUESSES'] || 3_000);
const PASSWORD_GUESSES = 1_500;
const AT_ONCE = 48;
const EMAIL = 'ada@example.com';
const PASSWORD = 'TEST ONLY pass phrase';

interface Rate {
  readonly perMinute: number;
  readonly burst: number;
}

/** The limits of the contract, which are the default. */
const GENERAL: Rate = { perMinute: 200, burst: 100 };
const AUTH: Rate = { perMinute: 10, burst: 10 };

/** Sends one guess to a process; the number is that of the guess. */
type Guess = (at: number, from: string) => Promise<Answer>;

describe('guessing at several processes with one database, with the limits they come with (A5, T12)', () => {
  let replicas: Replicas;
  const agents = Array.from({ length: 3 }, () => new Agent({ keepAlive: true, maxSockets: AT_ONCE }));

  beforeAll(async () => {
    replicas = await Replicas.start({
      env: {
        TFR_AUTH_ANONYMOUS_READ: 'false',
        TFR_AUTH_LOCAL_MAX_WAITING: '1000',
        TFR_SECURITY_RATE_LIMITING_ENABLED: 'true',
        TFR_SECURITY_RATE_LIMITING_STORE: 'database',
        TFR_SETUP_ADMIN_EMAIL: EMAIL,
        TFR_SETUP_ADMIN_PASSWORD: PASSWORD,
      },
    });
  }, 120_000);
  afterAll(async () => {
    for (const agent of agents) agent.destroy();
    await replicas?.stop();
  });

  const agentAt = (at: number) => agents[at % agents.length]!;
  const guessKey: Guess = (at, from) =>
    replicas.request(at, at % 2 === 0 ? '/api/v1/apikeys' : '/v1/modules/acme/vpc/aws/versions', {
      key: ApiKeyToken.generate('tfr_').text,
      headers: { 'x-forwarded-for': from },
      agent: agentAt(at),
    });
  const signIn = (at: number, email: string, password: string, from: string) =>
    replicas.request(at, '/api/v1/auth/local/login', {
      method: 'POST',
      json: { email, password },
      headers: { 'x-forwarded-for': from },
      agent: agentAt(at),
    });

  /** Guesses at all processes in turn, many at once: how many reached the comparison, and how many it could be. */
  async function guess(count: number, rate: Rate, from: string, send: Guess) {
    const statuses = new Map<number, number>();
    const startedMs = performance.now();
    let next = 0;
    const guessOn = async (): Promise<void> => {
      while (next < count) {
        next += 1;
        const { status } = await send(next, from);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, guessOn));
    const minutes = (performance.now() - startedMs) / 60_000;
    const compared = statuses.get(401) ?? 0;
    const limit = rate.burst + rate.perMinute * minutes;
    console.log(`${count} guesses from one address: ${compared} compared, limit ${limit.toFixed(1)}`);
    return { statuses: [...statuses.keys()].toSorted(), compared, limit };
  }

  it(`compares no more of ${KEY_GUESSES} keys from one address than one process would`, async () => {
    const { statuses, compared, limit } = await guess(KEY_GUESSES, GENERAL, '198.51.100.1', guessKey);
    // Whatever is not refused for its number is answered 401, once it was compared; guessing.spec.ts counts both.
    expect(statuses).toEqual([401, 429]);
    expect(compared).toBeGreaterThanOrEqual(GENERAL.burst);
    expect(compared).toBeLessThanOrEqual(limit * 1.05);
    const key = await replicas.at(0).createKey('modules:read');
    const elsewhere = replicas.all.map((_, at) =>
      replicas.request(at, '/api/v1/apikeys', { key, headers: { 'x-forwarded-for': '198.51.100.2' } }),
    );
    expect((await Promise.all(elsewhere)).map(({ status }) => status)).not.toContain(429);
  });

  it(`compares no more of ${PASSWORD_GUESSES} passwords from one address than one process would`, async () => {
    const send: Guess = (at, from) =>
      signIn(at, at % 2 === 0 ? EMAIL : `${at}@example.com`, `wrong password ${at}`, from);
    const { statuses, compared, limit } = await guess(PASSWORD_GUESSES, AUTH, '198.51.100.3', send);
    expect(statuses).toEqual([401, 429]);
    expect(compared).toBeGreaterThanOrEqual(AUTH.burst);
    expect(compared).toBeLessThanOrEqual(limit * 1.05);
  });

  it('locks an account at all of them, wherever the guesses come from, and lets others in', async () => {
    const from = (number: number) => `203.0.113.${number}`;
    const wrong = Array.from({ length: 30 }, (_, at) => signIn(at, EMAIL, `no ${at}`, from(at)));
    expect(new Set((await Promise.all(wrong)).map(({ status }) => status))).toEqual(new Set([401]));
    const right = replicas.all.map((_, at) => signIn(at, EMAIL, PASSWORD, from(100 + at)));
    expect((await Promise.all(right)).map(({ status }) => status)).toEqual([401, 401, 401]);
  });
});
