import {
  Agent as HttpAgent,
  createServer as createHttpServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import { Agent as HttpsAgent, createServer as createHttpsServer, request as httpsRequest } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { Readable, Transform } from 'node:stream';
import type { TestTls } from '../tls.js';

/** A request as a rule sees it. */
export interface RelayedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** What happens to one request on its way. */
export type Intervention =
  /** The connection ends without an answer; nothing reaches the server. */
  | 'reset'
  /** Nobody ever answers. */
  | 'silence'
  | OtherAnswer
  | Change;

/** An answer that is not that of the server, which is not asked. */
export interface OtherAnswer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What is changed in a request and its answer. */
export interface Change {
  /** Done before the request reaches the server. */
  readonly before?: () => Promise<void>;
  /** Headers that reach the server. */
  readonly sent?: Record<string, string>;
  /** Bytes that reach the server. */
  readonly sentBytes?: (piece: Buffer) => Buffer;
  /** The server does what it is asked; then this comes instead of its answer. */
  readonly instead?: 'reset' | OtherAnswer;
  /** Headers of the answer; undefined takes one away. */
  readonly answered?: Record<string, string | undefined>;
  /** What is wrong with the body of the answer, and where: at this share of its length. */
  readonly damage?: { readonly kind: DamageKind; readonly share: number };
}

/** The connection ends there, nothing comes any more, the body ends there with a fitting length, a byte is another. */
export type DamageKind = 'cut' | 'stall' | 'short' | 'corrupt';

/** Says what is to happen to a request; undefined says nothing. */
export type RelayRule = (request: RelayedRequest) => Intervention | undefined;

/** A server on loopback that passes requests on to another one, unless it is told to do something else with them. */
export class AzuriteRelay {
  /** Decides about each request before chance does; undefined lets it pass. */
  rule: RelayRule = () => undefined;
  /** What was asked so far. */
  readonly asked: RelayedRequest[] = [];
  private readonly server: Server;
  private readonly chance: { draw: RelayRule };
  private readonly target: URL;
  private readonly tls: TestTls | undefined;
  private readonly upstream: HttpAgent;
  /** Connections on which requests can come, and all of them, also those that are not encrypted yet. */
  private readonly ready = new Set<Socket>();
  private readonly all = new Set<Socket>();

  private constructor(server: Server, target: string, chance: { draw: RelayRule }, tls: TestTls | undefined) {
    this.server = server;
    this.chance = chance;
    this.target = new URL(target);
    this.tls = tls;
    // No connection is used twice: azurite closes idle ones without a word.
    this.upstream = tls
      ? new HttpsAgent({ keepAlive: false, ca: tls.ca })
      : new HttpAgent({ keepAlive: false });
  }

  static async start(target: string, chance: { draw: RelayRule }, tls?: TestTls): Promise<AzuriteRelay> {
    const server = tls ? createHttpsServer({ cert: tls.cert, key: tls.key }) : createHttpServer();
    // An idle connection stays open, so that no request meets its end.
    server.keepAliveTimeout = 0;
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const relay = new AzuriteRelay(server, target, chance, tls);
    server.on('request', (request, response) => relay.handle(request, response));
    server.on('connection', (socket: Socket) => keepWhileOpen(relay.all, socket));
    server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) =>
      keepWhileOpen(relay.ready, socket),
    );
    return relay;
  }

  get origin(): string {
    return `${this.tls ? 'https' : 'http'}://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on nobody is connected and nobody gets an answer; returns what ends that. */
  async disconnect(): Promise<() => void> {
    const { rule } = this;
    this.rule = () => 'reset';
    await Promise.all([...this.ready].map(hangUp));
    return () => {
      this.rule = rule;
    };
  }

  async stop(): Promise<void> {
    const closed = new Promise((done) => this.server.close(done));
    for (const socket of this.all) socket.destroy();
    await closed;
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = request;
    const relayed = { method, url, headers };
    this.asked.push(relayed);
    const intervention = this.rule(relayed) ?? this.chance.draw(relayed) ?? {};
    if (intervention === 'silence') return;
    if (intervention === 'reset') return void request.socket.destroy();
    if ('status' in intervention) {
      request.resume();
      return answerWith(intervention, response);
    }
    const ready = intervention.before?.() ?? Promise.resolve();
    void ready.then(() => this.pass(request, response, intervention));
  }

  private pass(request: IncomingMessage, response: ServerResponse, change: Change): void {
    const send = this.tls ? httpsRequest : httpRequest;
    const passed = send({
      agent: this.upstream,
      host: this.target.hostname,
      port: this.target.port,
      method: request.method,
      path: request.url,
      headers: { ...request.headers, ...change.sent },
    });
    passed.on('response', (answer) => passAnswer(answer, response, change));
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    const { sentBytes = (piece) => piece } = change;
    const changed = new Transform({
      transform: (piece: Buffer, _encoding, done) => done(null, sentBytes(piece)),
    });
    request.pipe(changed).pipe(passed);
  }
}

function keepWhileOpen(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
}

/** Ends a connection, and waits until the other side knows: it would send a request into it otherwise. */
function hangUp(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
    socket.end();
  });
}

function answerWith({ status, headers, body }: OtherAnswer, response: ServerResponse): void {
  response.writeHead(status, headers).end(body);
}

function passAnswer(
  answer: IncomingMessage,
  response: ServerResponse,
  { instead, answered, damage }: Change,
): void {
  if (instead !== undefined) {
    answer.resume().once('end', () => {
      if (instead === 'reset') response.destroy();
      else answerWith(instead, response);
    });
    return;
  }
  const length = Number(answer.headers['content-length'] ?? 0);
  const position = Math.floor((damage?.share ?? 1) * length);
  const isShort = damage?.kind === 'short';
  const headers = {
    ...answer.headers,
    ...(isShort && { 'content-length': String(position) }),
    ...answered,
  };
  response.writeHead(answer.statusCode!, definedOf(headers));
  response.flushHeaders();
  if (damage === undefined) return void answer.pipe(response);
  const bytes = Readable.from(
    damage.kind === 'corrupt' ? wrongByte(answer, position) : firstBytes(answer, position),
  );
  const leavesOpen = damage.kind === 'cut' || damage.kind === 'stall';
  bytes.pipe(response, { end: !leavesOpen });
  if (damage.kind === 'cut') bytes.once('end', () => response.destroy());
}

function definedOf<T>(headers: Record<string, T | undefined>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, T] => entry[1] !== undefined),
  );
}

async function* firstBytes(bytes: AsyncIterable<Buffer>, length: number): AsyncIterable<Buffer> {
  let left = length;
  for await (const piece of bytes) {
    if (left > 0) yield piece.subarray(0, left);
    left -= piece.length;
    if (left <= 0) return;
  }
}

async function* wrongByte(bytes: AsyncIterable<Buffer>, position: number): AsyncIterable<Buffer> {
  let at = 0;
  for await (const piece of bytes) {
    const here = position - at;
    if (here >= 0 && here < piece.length) piece[here]! ^= 0x40;
    at += piece.length;
    yield piece;
  }
}
