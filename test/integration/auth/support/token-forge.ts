import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { keyIdOf } from '../../../../src/auth/access-token-verifier.js';

type Json = Record<string, unknown>;

/** What an access token is made of, so that a test can change one thing about it. */
export interface TokenParts {
  header: Json;
  claims: Json;
  /** The secret that signs it; HS256. */
  secret: string;
}

/** A token with its name. */
export type ForgedToken = readonly [name: string, token: string];

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const mac = (text: string, secret: string | Buffer, hash = 'sha256'): string =>
  createHmac(hash, secret).update(text).digest('base64url');

/** Signs whatever `parts` say. */
export function tokenOf({ header, claims, secret }: TokenParts): string {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${mac(text, secret)}`;
}

/** Makes access tokens as the server does, and every kind that it must refuse. */
export class TokenForge {
  private readonly rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  private readonly ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  constructor(
    private readonly secret: string,
    private readonly issuer: string,
    private readonly subject: { userId: string; sessionId: string },
    /** An address that must never be asked. */
    private readonly canaryUrl: string,
  ) {}

  /** The parts of a good token, changed. */
  parts(header: Json = {}, claims: Json = {}): TokenParts {
    const now = Math.floor(Date.now() / 1_000);
    return {
      header: { alg: 'HS256', typ: 'at+jwt', kid: keyIdOf(this.secret), ...header },
      claims: {
        sid: this.subject.sessionId,
        token_use: 'access',
        iss: this.issuer,
        aud: this.issuer,
        sub: this.subject.userId,
        jti: randomUUID(),
        iat: now,
        nbf: now,
        exp: now + 600,
        ...claims,
      },
      secret: this.secret,
    };
  }

  /** A token that is good, but for what is changed. */
  make(header: Json = {}, claims: Json = {}): string {
    return tokenOf(this.parts(header, claims));
  }

  /** B1: algorithms, confusion, signatures. */
  algorithms(): ForgedToken[] {
    const good = this.make();
    const [head = '', body = '', signature = ''] = good.split('.');
    const names = [
      'none', 'None', 'NONE', 'nOnE', '', 'hs256', 'Hs256', 'HS256 ', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512',
      'PS256', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'ES256K', 'A128KW', 'dir', 'HMACSHA256', null, 256, true,
      ['HS256'], { alg: 'HS256' },
    ]; // prettier-ignore
    const list: ForgedToken[] = names.map((alg) => [`alg ${JSON.stringify(alg)}`, this.make({ alg })]);
    for (const alg of ['none', 'None', 'HS256', 'RS256', '']) {
      const text = `${encode({ ...this.parts().header, alg })}.${body}`;
      list.push([`alg ${alg} with an empty signature`, `${text}.`], [`alg ${alg} with no signature`, text]);
      if (text !== `${head}.${body}`) {
        list.push([`alg ${alg} with a foreign signature`, `${text}.${signature}`]);
      }
    }
    for (const [alg, hash] of [
      ['HS384', 'sha384'],
      ['HS512', 'sha512'],
    ] as const) {
      const text = `${encode({ ...this.parts().header, alg })}.${body}`;
      list.push([`${alg}, rightly signed with the secret`, `${text}.${mac(text, this.secret, hash)}`]);
    }
    list.push(...this.asymmetric(body));
    for (const secret of ['', 'secret', this.secret.slice(1), `${this.secret} `, this.secret.toUpperCase()]) {
      list.push([`signed with another secret (${secret.length})`, tokenOf({ ...this.parts(), secret })]);
    }
    list.push([
      'signature of another token',
      `${head}.${encode({ ...this.parts().claims, sub: randomUUID() })}.${signature}`,
    ]);
    for (let at = 0; at < signature.length; at += 4) {
      const other = signature[at] === 'A' ? 'B' : 'A';
      list.push([
        `signature changed at ${at}`,
        `${head}.${body}.${signature.slice(0, at)}${other}${signature.slice(at + 1)}`,
      ]);
    }
    for (const length of [1, 10, 21, 42])
      list.push([`signature cut to ${length}`, `${head}.${body}.${signature.slice(0, length)}`]);
    list.push(['signature extended', `${good}A`], ['signature with padding', `${good}=`]);
    return list;
  }

  /** B1, B2: what a header may not say. */
  headers(): ForgedToken[] {
    const jwk = this.rsa.publicKey.export({ format: 'jwk' });
    const url = this.canaryUrl;
    const extra: Json[] = [
      { crit: ['exp'] }, { crit: [] }, { crit: ['b64'], b64: false }, { b64: false }, { jku: url }, { x5u: url },
      { jku: url, kid: 'new' }, { x5u: `${url}/cert.pem`, alg: 'RS256' }, { jwk }, { jwk, alg: 'RS256' },
      { jwk: { kty: 'oct', k: encode('secret') } }, { x5c: ['MIIB'] }, { x5t: 'abc' }, { 'x5t#S256': 'abc' },
      { zip: 'DEF' }, { enc: 'A256GCM' }, { cty: 'JWT' }, { nonce: 'abc' }, { iss: url }, { url },
    ]; // prettier-ignore
    const kids = [
      '', '0', 'default', '../../../../dev/null', '/dev/null', '/etc/passwd', '..\\..\\secret', 'file:///dev/null',
      "' OR 1=1 --", "x' UNION SELECT 'secret", '"; DROP TABLE sessions; --', '${jndi:ldap://x}', '`id`', '|id',
      '__proto__', 'constructor', 'toString', 'hasOwnProperty', url, `${keyIdOf(this.secret)} `,
      keyIdOf(this.secret).toUpperCase(), keyIdOf('another'), null, 0, 1, true, {}, [], [keyIdOf(this.secret)],
    ]; // prettier-ignore
    const typs = ['JWT', 'jwt', 'AT+JWT', 'application/at+jwt', 'id+jwt', 'dpop+jwt', '', null, 1];
    const { kid: _kid, ...withoutKid } = this.parts().header;
    const { typ: _typ, ...withoutTyp } = this.parts().header;
    return [
      ...extra.map((more): ForgedToken => [
        `header with ${JSON.stringify(more).slice(0, 60)}`,
        this.make(more),
      ]),
      ...kids.map((kid): ForgedToken => [`kid ${JSON.stringify(kid)}`, this.make({ kid })]),
      ...typs.map((typ): ForgedToken => [`typ ${JSON.stringify(typ)}`, this.make({ typ })]),
      ['no kid', tokenOf({ ...this.parts(), header: withoutKid })],
      ['no typ', tokenOf({ ...this.parts(), header: withoutTyp })],
    ];
  }

  /** B3, B4: claims that are missing, foreign or of another type. */
  claims(): ForgedToken[] {
    const now = Math.floor(Date.now() / 1_000);
    const { issuer } = this;
    const changed: Json[] = [
      ...[`${issuer}/`, issuer.toUpperCase(), issuer.replace('http:', 'https:'), 'https://evil.example', '', null, 1,
        [issuer], { iss: issuer }].map((iss) => ({ iss })),
      ...[`${issuer}/`, issuer.toUpperCase(), 'https://evil.example', '', null, 1, [], [issuer], [issuer, 'other'],
        '*'].map((aud) => ({ aud })),
      ...['id', 'refresh', 'session', 'download', 'setup', 'state', 'ACCESS', 'access ', '', null, 1, true,
        ['access']].map((use) => ({ token_use: use })),
      ...[String(now + 600), now + 600.5, 1e308, Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 63, -1, 0, null, true, [now + 600],
        {}, 'never', now - 120, now - 86_400, now + 86_401, now * 1_000].map((exp) => ({ exp })),
      ...[String(now), now + 0.5, now + 120, 2 ** 53, null, true, [now], 'now', -1].map((iat) => ({ iat })),
      ...[String(now), now + 0.5, now + 120, 2 ** 53, null, true, [now]].map((nbf) => ({ nbf })),
      ...[randomUUID(), '', null, 1, [this.subject.userId], { $ne: '' }].map((sub) => ({ sub })),
      ...[randomUUID(), '', null, 1, [this.subject.sessionId], "' OR 1=1 --", this.subject.userId].map((sid) => ({ sid })),
      { iat: now, exp: now }, { iat: now + 30, exp: now + 10 },
    ]; // prettier-ignore
    const list = changed.map((claims): ForgedToken => [
      `claims ${JSON.stringify(claims)}`,
      this.make({}, claims),
    ]);
    for (const name of ['sid', 'token_use', 'iss', 'aud', 'sub', 'iat', 'nbf', 'exp']) {
      const { [name]: _missing, ...rest } = this.parts().claims;
      list.push([`no ${name}`, tokenOf({ ...this.parts(), claims: rest })]);
    }
    return list;
  }

  /** Texts that are no token at all, or only look like a good one. */
  forms(): ForgedToken[] {
    const good = this.make();
    const [head = '', body = '', signature = ''] = good.split('.');
    const { secret } = this;
    const signed = (header: string, payload: string): string =>
      `${header}.${payload}.${mac(`${header}.${payload}`, secret)}`;
    return [
      ['only dots', '..'], ['two parts', `${head}.${body}`], ['four parts', `${good}.${signature}`],
      ['five parts', `${good}.a.b`], ['no header', `.${body}.${signature}`], ['no claims', `${head}..${signature}`],
      ['upper case', good.toUpperCase()], ['quoted', `"${good}"`], ['twice', `${good}${good}`],
      ['ordinary base64 alphabet', good.replaceAll('-', '+').replaceAll('_', '/').concat('+/')],
      ['padded parts', signed(`${head}==`, body)], ['a comma', `${good},${good}`], ['a space inside', good.replace('.', ' .')],
      ['claims no object', signed(head, encode('"text"'))], ['claims null', signed(head, encode('null'))],
      ['claims a list', signed(head, encode('[]'))], ['claims no JSON', signed(head, encode('{'))],
      ['header no JSON', signed(encode('{'), body)], ['header null', signed(encode('null'), body)],
      ['header a list', signed(encode('["HS256"]'), body)],
      ['too long', this.make({}, { fill: 'x'.repeat(4_096) })],
    ]; // prettier-ignore
  }

  /** Good as far as the algorithm goes; the key is nobody's, or the secret taken for a public key. */
  private asymmetric(body: string): ForgedToken[] {
    const withHeader = (alg: string): string => `${encode({ ...this.parts().header, alg })}.${body}`;
    const rs = withHeader('RS256');
    const es = withHeader('ES256');
    const hs = withHeader('HS256');
    const pem = this.rsa.publicKey.export({ format: 'pem', type: 'spki' });
    const ecSignature = sign('sha256', Buffer.from(es), {
      key: this.ec.privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return [
      [
        'RS256 of a foreign key',
        `${rs}.${sign('sha256', Buffer.from(rs), this.rsa.privateKey).toString('base64url')}`,
      ],
      ['ES256 of a foreign key', `${es}.${ecSignature.toString('base64url')}`],
      ['HS256 keyed with a public key', `${hs}.${mac(hs, pem)}`],
      ['ES256 of zeros', `${es}.${Buffer.alloc(64).toString('base64url')}`],
    ];
  }
}
