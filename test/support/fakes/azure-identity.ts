import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestTls } from '../tls.js';

/** A request for a token. */
export interface TokenRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** Fields of a form; empty for GET. */
  readonly form: URLSearchParams;
}

/** What a token service refuses with. */
export interface TokenRefusal {
  readonly status: number;
  readonly body: object;
}

/**
 * What gives identities their tokens: with TLS the token endpoint of Entra ID for the tenant `tenantId`, which takes
 * any client assertion; without TLS the instance metadata service of a virtual machine. The tokens are shaped like
 * those of Entra ID and signed by nobody that anyone knows.
 */
export class FakeAzureIdentity {
  readonly tenantId = randomUUID();
  readonly clientId = randomUUID();
  /** Requests for tokens, in their order. */
  readonly requests: TokenRequest[] = [];
  /** Refuses every request while it is set. */
  refusal: TokenRefusal | undefined;
  /** Never answers while it is set. */
  isSilent = false;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly isSecure: boolean,
  ) {
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      void this.answer(request).then((answer) => {
        if (!answer) return;
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer.body));
      });
    });
  }

  static async start(tls?: TestTls): Promise<FakeAzureIdentity> {
    const server = tls ? createHttpsServer({ cert: tls.cert, key: tls.key }) : createHttpServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return new FakeAzureIdentity(server, tls !== undefined);
  }

  get origin(): string {
    return `${this.isSecure ? 'https' : 'http'}://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((done) => this.server.close(done));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private async answer(request: IncomingMessage): Promise<TokenRefusal | undefined> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.origin);
    if (pathname.endsWith('/.well-known/openid-configuration')) return { status: 200, body: this.metadata() };
    const form = new URLSearchParams(await text(request));
    this.requests.push({ path: pathname, query: searchParams, headers: request.headers, form });
    if (this.isSilent) return undefined;
    if (this.refusal) return this.refusal;
    const seconds = Math.floor(Date.now() / 1000);
    return {
      status: 200,
      body: {
        access_token: this.token(seconds),
        token_type: 'Bearer',
        expires_in: 3600,
        expires_on: String(seconds + 3600),
      },
    };
  }

  private token(seconds: number): string {
    const claims = {
      iss: `https://sts.windows.net/${this.tenantId}/`,
      aud: 'https://storage.azure.com',
      tid: this.tenantId,
      oid: this.clientId,
      iat: seconds,
      nbf: seconds - 300,
      exp: seconds + 3600,
    };
    const parts = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const signature = createHmac('sha256', randomBytes(32)).update(parts.join('.')).digest('base64url');
    return [...parts, signature].join('.');
  }

  private metadata(): object {
    const base = `${this.origin}/${this.tenantId}`;
    return {
      issuer: `${base}/v2.0`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
    };
  }
}
