import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer as createTlsServer, request as httpsRequest } from 'node:https';
import type { TestTls } from './tls.js';

/** One request that a client sent, and the status it got. */
export interface LoggedRequest {
  method: string;
  /** Path without query. */
  path: string;
  query: string;
  headers: IncomingMessage['headers'];
  status: number;
  /** Which server answered, of those it forwards to. */
  upstream: string;
}

/**
 * A reverse proxy that writes down what passes through it, so that a test can compare what a CLI sends with
 * section 10 of the protocol document. It changes neither requests nor answers.
 */
export class RecordingProxy {
  readonly requests: LoggedRequest[] = [];
  private upstreams: readonly string[] = [];

  private constructor(
    private readonly server: Server,
    readonly port: number,
    private readonly tls: TestTls | undefined,
  ) {}

  /** Listens on `port` of 127.0.0.1; with `tls` it speaks TLS. Forwards nothing before `forwardTo`. */
  static async listen(port: number, tls?: TestTls): Promise<RecordingProxy> {
    let forward: RequestListener = (_request, response) => void response.writeHead(502).end();
    const server = tls
      ? createTlsServer({ cert: tls.cert, key: tls.key }, (...pair) => forward(...pair))
      : createServer((...pair) => forward(...pair));
    const proxy = new RecordingProxy(server, port, tls);
    forward = (...pair) => proxy.forward(...pair);
    await new Promise<void>((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', done));
    return proxy;
  }

  get url(): string {
    return `${this.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  /** From now on requests go to this server, or to several in turn. */
  forwardTo(...urls: string[]): void {
    this.upstreams = urls;
  }

  /** Forgets what was recorded. */
  clear(): void {
    this.requests.length = 0;
  }

  /** `GET /path` lines in the order of arrival. */
  lines(): string[] {
    return this.requests.map((one) => `${one.method} ${one.path}`);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private readonly forward: RequestListener = (incoming, response) => {
    const url = new URL(incoming.url ?? '/', this.url);
    const upstream = this.upstreams[this.requests.length % this.upstreams.length] ?? '';
    const entry: LoggedRequest = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.search,
      headers: incoming.headers,
      status: 0,
      upstream,
    };
    this.requests.push(entry);
    const send = upstream.startsWith('https:') ? httpsRequest : httpRequest;
    const outgoing = send(
      `${upstream}${incoming.url}`,
      { method: incoming.method, headers: incoming.headers, ca: this.tls?.ca, agent: false },
      (answer) => {
        entry.status = answer.statusCode ?? 0;
        response.writeHead(entry.status, answer.statusMessage, answer.rawHeaders);
        answer.pipe(response);
      },
    );
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  };
}
