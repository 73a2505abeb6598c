import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, type JWTPayload, SignJWT } from 'jose';

type Json = Record<string, unknown>;

/** What the provider does otherwise than it should, for one test. */
export interface Lies {
  /** Changes the claims of the identity token; `undefined` values leave a claim out. */
  claims?: (claims: Json) => Json;
  /** Changes the header of the identity token. */
  header?: Json;
  /** Makes the whole identity token. */
  idToken?: (claims: Json, honest: string) => unknown | Promise<unknown>;
  /** Changes the answer of the token endpoint. */
  token?: (answer: Json) => Json;
  /** Answers an endpoint altogether. */
  answers?: Partial<Record<Endpoint, (response: ServerResponse) => void>>;
  /** Changes the discovery document. */
  discovery?: (document: Json) => Json;
  userInfo?: Json;
  /** Published keys. */
  keys?: Json[];
}

type Endpoint = 'discovery' | 'keys' | 'token' | 'userinfo';

interface Code {
  readonly nonce: string;
  readonly challenge: string;
  readonly redirectUri: string;
}

const PATHS: Record<string, Endpoint> = {
  '/.well-known/openid-configuration': 'discovery',
  '/keys': 'keys',
  '/token': 'token',
  '/userinfo': 'userinfo',
};

/** A scripted OpenID Connect provider on loopback that lies as a test wants; honest without `lies`. */
export class LyingIdentityProvider {
  lies: Lies = {};
  /** How often each endpoint was asked. */
  readonly asked: Record<Endpoint, number> = { discovery: 0, keys: 0, token: 0, userinfo: 0 };
  /** The claims of whoever signs in. */
  person: Json = { sub: 'ada', email: 'ada@example.com', email_verified: true, name: 'Ada' };
  readonly key = newSigningJwk('first');
  /** Whether it gives refresh tokens. */
  isRenewed = false;
  private readonly codes = new Map<string, Code>();
  private readonly refreshTokens = new Set<string>();

  private constructor(
    private readonly server: Server,
    readonly clientId: string,
    readonly path: string,
  ) {}

  static async start(clientId: string, path = ''): Promise<LyingIdentityProvider> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const provider = new LyingIdentityProvider(server, clientId, path);
    server.on('request', (request, response) => void provider.answer(request, response));
    return provider;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get issuer(): string {
    return `${this.origin}${this.path}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  /** Signs somebody in at the address that the registry sent the browser to; gives the query of the callback. */
  authorize(address: string): URLSearchParams {
    const { searchParams } = new URL(address);
    const code = randomBytes(16).toString('hex');
    const { nonce, code_challenge, redirect_uri, state } = Object.fromEntries(searchParams) as Record<
      string,
      string
    >;
    this.codes.set(code, { nonce: nonce!, challenge: code_challenge!, redirectUri: redirect_uri! });
    return new URLSearchParams({ code, state: state!, iss: this.issuer });
  }

  /** Signs claims with a key of this provider, or another one. */
  async sign(claims: Json, header: Json = {}, jwk: Json = this.key): Promise<string> {
    const full = { alg: 'RS256', kid: jwk['kid'], ...header } as { alg: string };
    return new SignJWT(claims as JWTPayload).setProtectedHeader(full).sign(await importJWK(jwk, full.alg));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.origin).pathname;
    const endpoint = PATHS[path.startsWith(this.path) ? path.slice(this.path.length) : path];
    if (endpoint === undefined) return void response.writeHead(404).end();
    this.asked[endpoint] += 1;
    const lie = this.lies.answers?.[endpoint];
    const body = await readBody(request);
    if (lie !== undefined) return lie(response);
    const [status, answer] = await this.honest(endpoint, body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  private async honest(endpoint: Endpoint, body: string): Promise<[number, Json]> {
    switch (endpoint) {
      case 'discovery':
        return [200, this.lies.discovery?.(this.document()) ?? this.document()];
      case 'keys':
        return [200, { keys: this.lies.keys ?? [publicPart(this.key)] }];
      case 'userinfo':
        return [200, this.lies.userInfo ?? this.person];
      case 'token':
        return this.exchange(new URLSearchParams(body));
    }
  }

  private document(): Json {
    const { issuer } = this;
    return {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      userinfo_endpoint: `${issuer}/userinfo`,
      end_session_endpoint: `${issuer}/logout`,
      id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
      token_endpoint_auth_methods_supported: ['client_secret_post'],
      authorization_response_iss_parameter_supported: true,
    };
  }

  private async exchange(form: URLSearchParams): Promise<[number, Json]> {
    if (form.get('grant_type') === 'refresh_token') {
      if (!this.refreshTokens.delete(form.get('refresh_token') ?? ''))
        return [400, { error: 'invalid_grant' }];
      return this.tokens({});
    }
    const code = this.codes.get(form.get('code') ?? '');
    this.codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const fits = code?.challenge === challenge && code.redirectUri === form.get('redirect_uri');
    if (!fits) return [400, { error: 'invalid_grant' }];
    return this.tokens({ nonce: code.nonce });
  }

  private async tokens(proof: Json): Promise<[number, Json]> {
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, exp: now + 300 };
    const honest: Json = {
      iss: this.issuer,
      aud: this.clientId,
      ...proof,
      ...times,
      ...this.person,
    };
    const claims = this.lies.claims?.(honest) ?? honest;
    const signed = await this.sign(claims, this.lies.header);
    const idToken = this.lies.idToken === undefined ? signed : await this.lies.idToken(claims, signed);
    const answer = {
      access_token: 'an-access-token',
      token_type: 'Bearer',
      expires_in: 300,
      id_token: idToken,
      ...(this.isRenewed && { refresh_token: this.newRefreshToken() }),
    };
    return [200, this.lies.token?.(answer) ?? answer];
  }

  private newRefreshToken(): string {
    const token = randomBytes(16).toString('hex');
    this.refreshTokens.add(token);
    return token;
  }
}

/** A private RSA key for tests, made now. */
export function newSigningJwk(kid: string) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
}

/** The public part of a key. */
export function publicPart({ kty, n, e, kid, use, alg }: Json): Json {
  return { kty, n, e, kid, use, alg };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
