import { createHmac, createPublicKey, randomUUID, sign as signBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { base64url, calculateJwkThumbprint } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CiIssuer } from '../../support/fakes/ci-issuer.js';
import { type IssuerKey, newIssuerKey } from '../../support/fakes/issuer-key.js';
import { TestApp } from '../../support/test-app.js';
import { CiPublishers, exchangeForm, type TestPublisher } from './support/ci-publishers.js';

type Json = Readonly<Record<string, unknown>>;

const encode = (value: unknown) => base64url.encode(JSON.stringify(value));
const hidden = Buffer.from('A'.repeat(342), 'base64url');

describe('an identity token that its issuer did not sign', () => {
  let app: TestApp;
  let ci: CiIssuer;
  let publisher: TestPublisher;
  let attacker: IssuerKey;
  let canary: Server;
  let canaryUrl: string;
  let canaryHits = 0;

  beforeAll(async () => {
    canary = createServer((_request, response) => {
      canaryHits += 1;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ keys: [attacker.publicJwk] }));
    });
    await new Promise<void>((done) => canary.listen(0, '127.0.0.1', done));
    canaryUrl = `http://localhost:${(canary.address() as AddressInfo).port}/keys`;
    ci = await CiIssuer.start();
    app = await TestApp.start(ci.settings);
    publisher = await (await CiPublishers.of(app, ci)).add();
    attacker = await newIssuerKey('RS256', ci.currentKey.kid);
  });
  afterAll(async () => {
    await app?.stop();
    await ci?.stop();
    canary?.closeAllConnections();
    await new Promise((done) => canary?.close(done));
  });

  const exchange = (token: string) => app.request('/api/v1/auth/token-exchange', exchangeForm(token));
  const payloadOf = async (): Promise<Json> =>
    JSON.parse(Buffer.from((await publisher.sign()).split('.')[1]!, 'base64url').toString()) as Json;

  /** Signs any header and payload, also those that no library would. */
  function forge(header: unknown, payload: unknown, key: IssuerKey = attacker): string {
    const signed = `${encode(header)}.${encode(payload)}`;
    const pem = { key: key.pkcs8, format: 'der', type: 'pkcs8' } as const;
    return `${signed}.${signBytes('sha256', Buffer.from(signed), pem).toString('base64url')}`;
  }

  function mac(alg: string, payload: Json, secret: Buffer | string): string {
    const signed = `${encode({ alg, kid: ci.currentKey.kid, typ: 'JWT' })}.${encode(payload)}`;
    const hash = `sha${alg.slice(2)}`;
    return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
  }

  /** Every forgery by its name. */
  async function forgeries(): Promise<[string, string][]> {
    const payload = await payloadOf();
    const { kid, publicJwk } = ci.currentKey;
    const own = { alg: 'RS256', kid, typ: 'JWT' };
    const [head, body, signature] = (await publisher.sign()).split('.') as [string, string, string];
    const publicKey = createPublicKey({
      key: publicJwk as { kty: string; n: string; e: string },
      format: 'jwk',
    });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const der = publicKey.export({ type: 'spki', format: 'der' });
    const forged: [string, string][] = [];
    const add = (name: string, token: string) => void forged.push([name, token]);
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', 'RS1', 'rs256', 'ES256K', 'PS512', 'HS256', 'dir'])
      add(`alg ${alg}`, `${encode({ ...own, alg })}.${encode(payload)}.${signature}`);
    for (const alg of [undefined, null, 5, ['RS256'], { alg: 'RS256' }])
      add(`alg ${JSON.stringify(alg)}`, forge({ ...own, alg }, payload));
    add('no signature', `${encode({ ...own, alg: 'none' })}.${encode(payload)}.`);
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      add(`${alg} with the public key as PEM`, mac(alg, payload, pem));
      add(`${alg} with the public key as DER`, mac(alg, payload, der));
      add(`${alg} with the modulus`, mac(alg, payload, Buffer.from(publicJwk.n!, 'base64url')));
    }
    add('HS256 with an empty secret', mac('HS256', payload, ''));
    add('another key under the same id', forge(own, payload));
    add(
      'another algorithm of the same key',
      `${encode({ ...own, alg: 'PS256' })}.${encode(payload)}.${signature}`,
    );
    add('ES256 of an RSA key', forge({ ...own, alg: 'ES256' }, payload));
    add('its own key in jwk', forge({ ...own, jwk: attacker.publicJwk }, payload));
    add('its own key in jwk and no id', forge({ alg: 'RS256', jwk: attacker.publicJwk }, payload));
    add(
      'its own key by thumbprint',
      forge({ ...own, kid: await calculateJwkThumbprint(attacker.publicJwk) }, payload),
    );
    for (const name of ['jku', 'x5u']) {
      add(`${name} of the attacker`, forge({ ...own, [name]: canaryUrl }, payload));
      add(`${name} of the attacker and no id`, forge({ alg: 'RS256', [name]: canaryUrl }, payload));
      add(`${name} and an unknown id`, forge({ ...own, kid: 'x', [name]: canaryUrl }, payload));
    }
    add('a certificate in x5c', forge({ ...own, x5c: [hidden.toString('base64')] }, payload));
    add('an honest signature and a foreign jku', await publisher.sign({}, { header: { jku: canaryUrl } }));
    for (const id of [
      '../../../../dev/null',
      '/etc/passwd',
      "' OR 1=1 --",
      "x' UNION SELECT 'a",
      canaryUrl,
      '__proto__',
      'constructor',
      'toString',
      '*',
      `${kid}\u0000`,
      ` ${kid}`,
      kid.toUpperCase(),
      '',
      'k'.repeat(4_000),
    ])
      add(`id ${id.slice(0, 20)}`, forge({ ...own, kid: id }, payload));
    for (const id of [null, 0, [kid], { kid }])
      add(`id ${JSON.stringify(id)}`, forge({ ...own, kid: id }, payload));
    add('no id', forge({ alg: 'RS256' }, payload));
    for (const crit of [['exp'], ['b64'], [], 'exp'])
      add(`crit ${JSON.stringify(crit)}`, forge({ ...own, crit, b64: true }, payload));
    add('a payload that is not encoded', forge({ ...own, b64: false, crit: ['b64'] }, payload));
    for (const typ of ['at+jwt', 'logout+jwt', 'JOSE', 5, null])
      add(`type ${String(typ)}`, await publisher.sign({}, { header: { typ } }));
    add('another payload', `${head}.${encode({ ...payload, repository_id: '1' })}.${signature}`);
    add('the same payload written otherwise', `${head}.${encode({ ...payload, a: 1 })}.${signature}`);
    add('a cut signature', `${head}.${body}.${signature.slice(0, -4)}`);
    add('a longer signature', `${head}.${body}.${signature}AAAA`);
    add('a signature of zeros', `${head}.${body}.${'A'.repeat(signature.length)}`);
    add('the signature of another token', `${head}.${body}.${(await publisher.sign()).split('.')[2]}`);
    add('three dots', `${head}.${body}.${signature}.`);
    add('five parts', `${head}.${body}.${signature}.${body}.${signature}`);
    add('padding', `${head}=.${body}.${signature}`);
    add('a line break', `${head}.${body}.${signature}\n`);
    add('no JSON', forge('text', payload));
    for (const other of [null, [], 'text', 5]) add(`payload ${JSON.stringify(other)}`, forge(own, other));
    for (const iss of [[ci.issuer], { iss: ci.issuer }, 5, null, `${ci.issuer}/`, `${ci.issuer}#`, canaryUrl])
      add(`issuer ${JSON.stringify(iss)}`, await publisher.sign({ iss }));
    return forged;
  }

  it('is refused, whatever its header says (B1, B2)', async () => {
    const accepted: string[] = [];
    const all = await forgeries();
    for (const [name, token] of all) {
      const answer = await exchange(token);
      const { error } = answer.json<{ error: string }>();
      if (answer.status !== 400 || !['invalid_grant', 'invalid_request'].includes(error))
        accepted.push(`${name}: ${answer.status} ${error}`);
    }
    expect(accepted).toEqual([]);
    expect(all.length).toBeGreaterThanOrEqual(40);
    expect(canaryHits).toBe(0);
    const honest = forge({ alg: 'RS256', kid: ci.currentKey.kid }, await payloadOf(), ci.currentKey);
    expect((await exchange(honest)).status).toBe(200);
    console.info(
      `forged identity tokens refused: ${all.length}; requests to the key they named: ${canaryHits}`,
    );
  });
});

describe('the keys of an issuer', () => {
  let app: TestApp;
  let ci: CiIssuer;
  let publisher: TestPublisher;

  beforeAll(async () => {
    ci = await CiIssuer.start();
    app = await TestApp.start(ci.settings);
    publisher = await (await CiPublishers.of(app, ci)).add();
  });
  afterAll(async () => {
    await app?.stop();
    await ci?.stop();
  });

  const exchange = (token: string) => app.request('/api/v1/auth/token-exchange', exchangeForm(token));

  it('are not asked for before somebody trusts the issuer', async () => {
    const stranger = await CiIssuer.start();
    const claims = { sub: 'x', aud: app.config.server.publicUrl };
    expect((await exchange(await stranger.sign(claims))).status).toBe(400);
    expect(stranger.asked).toEqual([]);
    expect(ci.asked).toEqual([]);
    await stranger.stop();
  });

  it('are not read again for a thousand ids that nobody knows (B5)', async () => {
    const token = await publisher.sign();
    const [, body, signature] = token.split('.');
    const tokens = Array.from(
      { length: 1_000 },
      () => `${encode({ alg: 'RS256', kid: randomUUID(), typ: 'JWT' })}.${body}.${signature}`,
    );
    for (let start = 0; start < tokens.length; start += 100) {
      const answers = await Promise.all(tokens.slice(start, start + 100).map(exchange));
      expect(answers.every(({ status }) => status === 400)).toBe(true);
    }
    const reads = ci.asked.filter((path) => path.endsWith('/keys')).length;
    expect(reads).toBeLessThanOrEqual(2);
    console.info(`unknown key ids: 1000; times the keys were read: ${reads}`);
    expect((await exchange(token)).status).toBe(200);
  });

  it('go on counting while the issuer is down (B5)', async () => {
    expect((await exchange(await publisher.sign())).status).toBe(200);
    ci.isDown = true;
    expect((await exchange(await publisher.sign())).status).toBe(200);
    ci.isDown = false;
  });

  it('that cannot be read are no reason to blame the token', async () => {
    const down = await CiIssuer.start();
    const settings = down.settings;
    down.isDown = true;
    const other = await TestApp.start(settings);
    const { sign } = await (await CiPublishers.of(other, down)).add();
    const answer = await other.request('/api/v1/auth/token-exchange', exchangeForm(await sign()));
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBeDefined();
    await other.stop();
    await down.stop();
  });

  it('are those of exactly the issuer that the discovery document names', async () => {
    const liar = await CiIssuer.start();
    const other = await TestApp.start(liar.settings);
    const { sign } = await (await CiPublishers.of(other, liar)).add();
    liar.discovery = { issuer: 'https://ci.example.com' };
    const answer = await other.request('/api/v1/auth/token-exchange', exchangeForm(await sign()));
    expect(answer.status).toBe(503);
    expect(liar.asked).toEqual(['/.well-known/openid-configuration']);
    await other.stop();
    await liar.stop();
  });
});
