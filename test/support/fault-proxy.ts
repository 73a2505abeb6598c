import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from './seeded-random.js';

/** What goes wrong with a request on its way. */
export interface ProxyFault {
  /**
   * `status`: another answer than that of the server, which is not asked. `reset`: the connection breaks before the
   * server is asked. `lost-answer`: it breaks when the server has done what it was asked. `blackhole`: no answer ever.
   * `delay`: everything comes late. `cut`: the connection breaks within the body of the answer. `short`: the body
   * misses its end, and the announced length agrees with that. `corrupt`: one byte of the body is another one.
   */
  readonly kind: 'status' | 'reset' | 'lost-answer' | 'blackhole' | 'delay' | 'cut' | 'short' | 'corrupt';
  readonly status?: number;
  readonly delayMs?: number;
  /** Share of the requests that it strikes: one of every `1 / rate`, which one is random. */
  readonly rate: number;
  /** Only these requests; all unless given. */
  readonly strikes?: (asked: { readonly method: string; readonly url: string }) => boolean;
}

/** An answer of the server, read completely. */
interface Answer {
  readonly status: number;
  /** As `name, value, …`, as they came. */
  readonly headers: string[];
  readonly body: Buffer;
}

/**
 * A server on loopback in front of another one, which passes requests on as they are, `Host` included (signatures
 * cover it), and lets a part of them go wrong. Which ones comes from the seed and the order of the requests.
 */
export class FaultProxy {
  /** Requests that came so far. */
  asked = 0;
  /** Requests that were struck so far. */
  struck = 0;
  private fault: ProxyFault | undefined;
  private turn = 0;
  private chosen = 0;
  private readonly random: () => number;
  private readonly target: URL;
  private readonly agent = new Agent({ keepAlive: true });
  private readonly held = new Set<ServerResponse>();
  private readonly server: Server = createServer((asking, answering) => {
    this.handle(asking, answering).catch(() => answering.destroy());
  });

  private constructor(target: string, seed: number) {
    this.target = new URL(target);
    this.random = seededRandom(seed);
  }

  /** Starts a proxy for `target`, scheme and host of a server without TLS. */
  static async start(target: string, seed: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, seed);
    await new Promise<void>((done) => proxy.server.listen(0, '127.0.0.1', done));
    return proxy;
  }

  /** Scheme and host under which clients reach the server through the proxy. */
  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on this goes wrong, and nothing else. */
  inject(fault: ProxyFault): void {
    this.heal();
    this.fault = fault;
  }

  /** From now on nothing goes wrong; what got no answer breaks off. */
  heal(): void {
    this.fault = undefined;
    this.turn = 0;
    for (const answering of this.held) answering.destroy();
    this.held.clear();
  }

  async stop(): Promise<void> {
    const closed = new Promise((done) => this.server.close(done));
    this.server.closeAllConnections();
    this.agent.destroy();
    await closed;
  }

  private async handle(asking: IncomingMessage, answering: ServerResponse): Promise<void> {
    this.asked += 1;
    const fault = this.draw(asking);
    switch (fault?.kind) {
      case 'reset':
        return void asking.socket.resetAndDestroy();
      case 'blackhole':
        return void this.held.add(answering);
      case 'status':
        await buffer(asking);
        return void answering.writeHead(fault.status!, { 'content-length': 0 }).end();
      case 'delay':
        await pause(fault.delayMs);
    }
    const answer = await this.forward(asking);
    if (fault?.kind === 'lost-answer') return void asking.socket.resetAndDestroy();
    const { status, headers, body } = fault ? this.damaged(answer, fault) : answer;
    answering.writeHead(status, headers);
    if (fault?.kind === 'cut') answering.write(body, () => asking.socket.resetAndDestroy());
    else answering.end(body);
  }

  private draw({ method = '', url = '' }: IncomingMessage): ProxyFault | undefined {
    const { fault } = this;
    if (!fault || !(fault.strikes?.({ method, url }) ?? true)) return undefined;
    const period = Math.round(1 / fault.rate);
    if (this.turn % period === 0) this.chosen = this.turn + Math.floor(this.random() * period);
    if (this.turn++ !== this.chosen) return undefined;
    this.struck += 1;
    return fault;
  }

  private forward(asking: IncomingMessage): Promise<Answer> {
    const { hostname: host, port } = this.target;
    const { method, url: path, rawHeaders: headers } = asking;
    return new Promise((resolve, reject) => {
      const passed = request({ host, port, method, path, headers, agent: this.agent }, (answer) => {
        buffer(answer).then((body) => {
          const { statusCode: status = 502, rawHeaders } = answer;
          resolve({ status, headers: rawHeaders.map((text) => this.asOwn(text)), body });
        }, reject);
      });
      passed.on('error', reject);
      asking.pipe(passed);
    });
  }

  /** Addresses of the server in its answers lead through the proxy as well. */
  private asOwn(header: string): string {
    return header.startsWith(this.target.origin) ? header.replace(this.target.origin, this.origin) : header;
  }

  private damaged(answer: Answer, { kind }: ProxyFault): Answer {
    const at = Math.floor(this.random() * answer.body.length);
    const body = Buffer.from(answer.body);
    if (kind === 'corrupt' && body.length > 0) body[at]! ^= 0x40;
    if (kind === 'cut') return { ...answer, body: body.subarray(0, at) };
    if (kind !== 'short') return { ...answer, body };
    const headers = answer.headers.map((text, index, all) =>
      all[index - 1]?.toLowerCase() === 'content-length' ? String(at) : text,
    );
    return { ...answer, headers, body: body.subarray(0, at) };
  }
}
