import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { packageName } from '../../build-fixtures.js';
import type { UpstreamKeys } from './upstream-keys.js';
import { type FakeRelease, makeRelease, NAMESPACE, PLATFORMS, TYPE, VERSION } from './upstream-release.js';

export type Json = Record<string, unknown>;
export type Endpoint = 'discovery' | 'list' | 'versions' | 'package' | 'sums' | 'signature' | 'zip';

/** One request as a lie sees it. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly upstream: FakeUpstream;
  /** How often this endpoint was asked before. */
  readonly before: number;
  /** What an honest upstream would send. */
  readonly body: Buffer;
  /** Answers honestly. */
  honestly(): void;
}

/** What an upstream does otherwise than it should. */
export interface Lie {
  /** Makes the release; honest and signed with the honest key when absent. */
  readonly release?: (keys: UpstreamKeys) => Promise<FakeRelease>;
  /** Changes JSON documents. */
  readonly json?: Partial<Record<Endpoint, (document: Json, upstream: FakeUpstream) => unknown>>;
  /** Answers an endpoint altogether. */
  readonly answers?: Partial<Record<Endpoint, (call: Call) => void>>;
  /** The armored keys that the JSON names; the honest one when absent. */
  readonly namedKeys?: (keys: UpstreamKeys) => readonly string[];
}

/** What an upstream tells at a time: a lie, and the release that belongs to it. */
export interface Telling {
  readonly lie: Lie;
  readonly release: FakeRelease;
}

/** A request that was noted. */
export interface Noted {
  readonly endpoint: Endpoint | 'unknown';
  readonly host: string;
  readonly headers: IncomingMessage['headers'];
}

/**
 * A scripted provider registry on the loopback interface that lies as a test wants, and is honest without a lie. It
 * listens at two origins (`origin` and `elsewhere`) with the same content, and has a canary at an address that nobody
 * may reach.
 */
export class FakeUpstream {
  /** The address that tests allow. */
  static readonly HOSTS = ['127.0.0.3', '127.0.0.4'] as const;
  static readonly CANARY_HOST = '127.0.0.2';

  readonly asked: Noted[] = [];
  readonly versions: string[] = ['1.0.0', '1.1.0', VERSION];
  canaryHits = 0;
  /** What is told at a request, by its number from 0; always the same unless a test says otherwise. */
  choose: (request: number) => Telling;
  /** Called before a request is answered. */
  beforeAnswer: (request: number) => Promise<void> | void = () => undefined;
  private requests = 0;
  private readonly servers: Server[] = [];

  private constructor(
    readonly keys: UpstreamKeys,
    private telling: Telling,
    /** Honest releases of further versions. */
    private readonly earlier: ReadonlyMap<string, FakeRelease>,
  ) {
    this.choose = () => telling;
  }

  /** What an upstream with this lie tells. */
  static async prepare(keys: UpstreamKeys, lie: Lie = {}): Promise<Telling> {
    return { lie, release: await (lie.release?.(keys) ?? makeRelease(keys.honest)) };
  }

  static async start(
    keys: UpstreamKeys,
    lie: Lie = {},
    earlier: ReadonlyMap<string, FakeRelease> = new Map(),
  ): Promise<FakeUpstream> {
    const upstream = new FakeUpstream(keys, await FakeUpstream.prepare(keys, lie), earlier);
    for (const host of FakeUpstream.HOSTS) {
      await upstream.listen(host, (request, response) => void upstream.answer(host, request, response));
    }
    await upstream.listen(FakeUpstream.CANARY_HOST, (_request, response) => response.end('canary'));
    upstream.servers.at(-1)!.on('connection', () => (upstream.canaryHits += 1));
    return upstream;
  }

  get origin(): string {
    return this.originOf(0);
  }

  /** Another origin with the same content. */
  get elsewhere(): string {
    return this.originOf(1);
  }

  /** An address that the registry under test may not reach. */
  get canary(): string {
    return this.originOf(2);
  }

  /** What was asked at `elsewhere`. */
  get askedElsewhere(): Noted[] {
    return this.asked.filter(({ host }) => host === FakeUpstream.HOSTS[1]);
  }

  async stop(): Promise<void> {
    for (const server of this.servers) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  }

  private originOf(at: number): string {
    const { address, port } = this.servers[at]!.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  private async listen(
    host: string,
    handler: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<void> {
    const server = createServer(handler);
    await new Promise<void>((done, fail) => server.once('error', fail).listen(0, host, done));
    this.servers.push(server);
  }

  private async answer(host: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const nr = this.requests;
    this.requests += 1;
    await this.beforeAnswer(nr);
    this.telling = this.choose(nr);
    const [endpoint, body] = this.find(request.url ?? '/');
    const before = this.asked.filter((one) => one.endpoint === endpoint).length;
    this.asked.push({ endpoint, host, headers: request.headers });
    if (endpoint === 'unknown') return void response.writeHead(404).end('{"errors":["Not Found"]}');
    const honestly = (): void => sendHonestly(endpoint, body, request, response);
    const lie = this.telling.lie.answers?.[endpoint];
    if (lie === undefined) honestly();
    else lie({ request, response, upstream: this, before, body, honestly });
  }

  private find(url: string): [Endpoint, Buffer] | ['unknown', Buffer] {
    const { pathname } = new URL(url, 'http://fake');
    const provider = `/v1/providers/${NAMESPACE}/${TYPE}`;
    if (pathname === '/.well-known/terraform.json') {
      return ['discovery', this.json('discovery', { 'providers.v1': '/v1/providers/' })];
    }
    if (pathname === `/v1/providers/${NAMESPACE}` || pathname === '/v1/providers') {
      const providers = [{ namespace: NAMESPACE, name: TYPE }];
      return ['list', this.json('list', { meta: { limit: 100 }, providers })];
    }
    if (pathname === `${provider}/versions`) return ['versions', this.json('versions', this.listing())];
    const [, version, os, arch] =
      /^([^/]+)\/download\/([^/]+)\/([^/]+)$/.exec(pathname.slice(provider.length + 1)) ?? [];
    if (pathname.startsWith(provider) && version && os && arch && this.releaseOf(version)) {
      return ['package', this.json('package', this.description(version, os, arch))];
    }
    return this.file(pathname);
  }

  /** Files of the release are in one folder, those of earlier versions in one for each. */
  private file(pathname: string): [Endpoint, Buffer] | ['unknown', Buffer] {
    const [, folder = '', file = ''] = /^\/files\/(?:([^/]+)\/)?([^/]+)$/.exec(pathname) ?? [];
    const release = this.releaseOf(folder === '' ? VERSION : folder);
    if (release === undefined || file === '') return ['unknown', Buffer.alloc(0)];
    if (file === 'SHA256SUMS') return ['sums', Buffer.from(release.shasums, 'latin1')];
    if (file === 'SHA256SUMS.sig') return ['signature', release.signature];
    const bytes = release.packages[file];
    return bytes === undefined ? ['unknown', Buffer.alloc(0)] : ['zip', bytes];
  }

  private releaseOf(version: string): FakeRelease | undefined {
    return version === VERSION ? this.telling.release : this.earlier.get(version);
  }

  private json(endpoint: Endpoint, honest: Json): Buffer {
    const change = this.telling.lie.json?.[endpoint];
    return Buffer.from(JSON.stringify(change === undefined ? honest : change(honest, this)));
  }

  private listing(): Json {
    const platforms = PLATFORMS.map((key) => ({ os: key.split('_')[0], arch: key.split('_')[1] }));
    return { versions: this.versions.map((version) => ({ version, protocols: ['5.0'], platforms })) };
  }

  private description(version: string, os: string, arch: string): Json {
    const filename = packageName(TYPE, version, `${os}_${arch}`);
    const release = this.releaseOf(version)!;
    const bytes = release.packages[filename] ?? Buffer.alloc(0);
    const keys = this.telling.lie.namedKeys?.(this.keys) ?? [this.keys.honest.armor];
    const files = version === VERSION ? '/files' : `/files/${version}`;
    return {
      protocols: ['5.0'],
      os,
      arch,
      filename,
      download_url: `${files}/${filename}`,
      shasums_url: `${files}/SHA256SUMS`,
      shasums_signature_url: `${files}/SHA256SUMS.sig`,
      shasum: release.toldDigests?.[filename] ?? digestOf(bytes),
      signing_keys: { gpg_public_keys: keys.map((ascii_armor) => ({ key_id: 'not read', ascii_armor })) },
    };
  }
}

/** SHA-256, as hex. */
export function digestOf(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** JSON with an ETag, files with ranges. */
function sendHonestly(
  endpoint: Endpoint,
  body: Buffer,
  { headers, method }: IncomingMessage,
  response: ServerResponse,
): void {
  const etag = `"${digestOf(body)}"`;
  const isJson = ['discovery', 'list', 'versions', 'package'].includes(endpoint);
  response.setHeader('content-type', isJson ? 'application/json' : 'application/octet-stream');
  response.setHeader('etag', etag);
  if (method === 'HEAD') return void response.setHeader('content-length', body.length).end();
  if (headers['if-none-match'] === etag) return void response.writeHead(304).end();
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? NaN);
  if (from < body.length && headers['if-range'] === etag) {
    response.setHeader('content-range', `bytes ${from}-${body.length - 1}/${body.length}`);
    return void response.writeHead(206).end(body.subarray(from));
  }
  response.end(body);
}
