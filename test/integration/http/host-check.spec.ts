import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moduleArchive } from '../../support/build-fixtures.js';
import { TestApp } from '../../support/test-app.js';

const EVIL = 'evil.example';
const LOGOUT = '/api/v1/auth/logout';

/** Headers by which a client or a proxy says under which name it came. */
const NAMES = [
  'host',
  'x-forwarded-host',
  'x-forwarded-server',
  'x-original-host',
  'x-host',
  'x-http-host-override',
  'x-rewrite-url',
  'x-original-url',
  'forwarded',
  'origin',
  'referer',
];
const VALUES = [
  EVIL,
  `${EVIL}:443`,
  `registry.test.${EVIL}`,
  `${EVIL}, registry.test`,
  `registry.test@${EVIL}`,
];

const HEADER_SETS: readonly (readonly [string, Record<string, string>])[] = NAMES.flatMap((name) =>
  VALUES.map((value) => {
    const text =
      name === 'forwarded'
        ? `host="${value}";proto=https`
        : /url|origin$|referer/.test(name)
          ? `https://${value}/`
          : value;
    return [`${name}: ${text}`, { [name]: text }] as const;
  }),
);

describe('the name under which a request came (W7)', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({
      TFR_SERVER_HOST_ALIASES: '127.0.0.1,alias.test',
      TFR_SERVER_PUBLIC_URL: 'http://www.test',
    });
    const published = await app.publishModule({
      namespace: 'acme',
      version: '1.0.0',
      archive: moduleArchive(),
    });
    expect(published.status).toBe(201);
  });

  afterAll(() => app.stop());

  const logout = async (headers: Record<string, string>, at = app) =>
    (await at.request(LOGOUT, { headers })).status;

  it('never gets into discovery, download and sign-in answers', async () => {
    expect(HEADER_SETS.length).toBeGreaterThanOrEqual(50);
    const paths = [
      '/.well-known/terraform.json',
      '/v1/modules/acme/vpc/aws/1.0.0/download',
      '/v1/modules/acme/vpc/aws/versions',
      LOGOUT,
      '/api/v1/auth/login',
      '/api/v1/auth/providers',
      '/login',
      '/',
    ];
    for (const [what, headers] of HEADER_SETS) {
      const told = paths.map(async (path) => {
        const answer = await app.request(path, { headers, lean: path.startsWith('/v1/') });
        const { 'access-control-allow-origin': _origin, ...shown } = answer.headers;
        return `${path} ${answer.status} ${JSON.stringify(shown)} ${answer.body.toString()}`;
      });
      for (const text of await Promise.all(told)) expect(text, what).not.toContain(EVIL);
    }
  });

  it('must be a configured one on sign-in routes: public and base URL, aliases, in any case and port', async () => {
    for (const host of [
      'registry.test',
      'www.test',
      'alias.test',
      'REGISTRY.test',
      'registry.test:8443',
      'www.test.',
    ]) {
      expect(await logout({ host }), host).toBe(302);
    }
    for (const host of [
      EVIL,
      `registry.test.${EVIL}`,
      'test',
      'registry',
      `registry.test@${EVIL}`,
      'registry.test:80:80',
      'registry.test/x',
      '[::1]',
      'localhost',
    ]) {
      expect(await logout({ host }), host).toBe(400);
    }
  });

  it('does not matter to the CLI and to scripts', async () => {
    const headers = { host: 'internal.example' };
    expect((await app.request('/.well-known/terraform.json', { headers })).status).toBe(200);
    expect((await app.request('/v1/modules/acme/vpc/aws/versions', { headers, lean: true })).status).toBe(
      200,
    );
    expect((await app.request('/health', { headers })).status).toBe(200);
  });

  it('is what a trusted proxy was asked for', async () => {
    expect(await logout({ host: 'internal.example', 'x-forwarded-host': 'registry.test' })).toBe(302);
    expect(await logout({ host: 'registry.test', 'x-forwarded-host': EVIL })).toBe(400);
    expect(await logout({ host: 'registry.test', 'x-forwarded-host': `registry.test, ${EVIL}` })).toBe(400);
  });

  it('is not what anybody else says that it was', async () => {
    const direct = await TestApp.start({ TFR_SERVER_TRUSTED_PROXIES: '10.0.0.0/8' });
    expect(await logout({ 'x-forwarded-host': EVIL }, direct)).toBe(302);
    expect(await logout({ host: EVIL, 'x-forwarded-host': 'registry.test' }, direct)).toBe(400);
    await direct.stop();
  });
});
