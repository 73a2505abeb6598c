import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectPlain, isIP, isIPv6, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { EgressConfig } from '../../config/egress.config.js';

/** The proxy of outgoing requests, for connections that Node makes. Whoever asks it has checked the target. */
export class EgressProxy {
  private readonly isSecure: boolean;
  private readonly endpoint: {
    readonly host: string;
    readonly port: number;
    readonly ca: string[] | undefined;
  };
  /** Names that are called directly, with everything below them; `*` is all. */
  private readonly direct: readonly string[];

  private constructor(
    private readonly url: URL,
    noProxy: readonly string[],
    ca: string[] | undefined,
    private readonly timeoutMs: number,
  ) {
    this.isSecure = url.protocol === 'https:';
    const port = Number(url.port || (this.isSecure ? 443 : 80));
    this.endpoint = { host: url.hostname.replace(/^\[|\]$/g, ''), port, ca };
    this.direct = noProxy.map((entry) =>
      entry
        .toLowerCase()
        .replace(/^\*?\./, '')
        .replace(/^([^:]+):\d+$/, '$1'),
    );
  }

  /** The proxy that the settings name, if any; TLS with it trusts `ca` when that is given. */
  static of(config: EgressConfig, ca: string[] | undefined, timeoutMs: number): EgressProxy | undefined {
    const { proxyUrl, standardProxyUrl, noProxy } = config;
    const url = proxyUrl ?? standardProxyUrl;
    if (url === undefined) return undefined;
    // The list of exceptions belongs to the standard variable.
    return new EgressProxy(new URL(url), proxyUrl === undefined ? noProxy : [], ca, timeoutMs);
  }

  /** By this an agent of Node writes requests without TLS in the form for proxies, for the hosts of `serves`. */
  get environment(): { HTTP_PROXY: string; NO_PROXY: string } {
    const noProxy = this.direct.map((name) => (name === '*' ? name : `.${name}`));
    return { HTTP_PROXY: this.url.href, NO_PROXY: noProxy.join(',') };
  }

  /** Whether requests to `host` go through the proxy. */
  serves(host: string): boolean {
    const name = host.toLowerCase();
    return !this.direct.some((entry) => entry === '*' || name === entry || name.endsWith(`.${entry}`));
  }

  /** A connection to the proxy itself. */
  async connect(): Promise<Socket> {
    const socket = this.isSecure ? connectTls(this.endpoint) : connectPlain(this.endpoint);
    await this.first(socket, this.isSecure ? 'secureConnect' : 'connect');
    return socket;
  }

  /** A connection through the proxy to `host`, on which TLS with the target is to begin (RFC 9110, 9.3.6). */
  async tunnelTo(host: string, port: number): Promise<Socket> {
    const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
    const send = this.isSecure ? httpsRequest : httpRequest;
    const headers = { host: authority, ...this.credentials() };
    // Otherwise the certificate of the proxy would have to be one for the target, by the header.
    const servername = isIP(this.endpoint.host) ? '' : this.endpoint.host;
    const options = { ...this.endpoint, servername, method: 'CONNECT', path: authority, headers };
    const asked = send({ ...options, agent: false });
    asked.end();
    const [answer, socket, head] = (await this.first(asked, 'connect')) as [IncomingMessage, Socket, Buffer];
    if (answer.statusCode !== 200) {
      socket.destroy();
      throw new Error(`The proxy refused a connection to ${authority} with status ${answer.statusCode}`);
    }
    if (head.length > 0) socket.unshift(head);
    return socket;
  }

  private credentials(): { 'proxy-authorization'?: string } {
    const { username, password } = this.url;
    if (username === '') return {};
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
  }

  private async first(asked: Socket | ClientRequest, event: string): Promise<unknown[]> {
    const signal = AbortSignal.timeout(this.timeoutMs);
    try {
      return (await once(asked, event, { signal })) as unknown[];
    } catch (error) {
      asked.on('error', () => undefined).destroy();
      throw signal.aborted ? new Error(`The proxy did not answer within ${this.timeoutMs} ms`) : error;
    }
  }
}
