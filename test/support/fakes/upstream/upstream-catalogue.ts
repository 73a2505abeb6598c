import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { packageName, packZip, shasumsOf } from '../../build-fixtures.js';
import type { UpstreamKey } from './upstream-keys.js';

/** One provider of a catalogue. */
export interface CatalogueProvider {
  readonly namespace: string;
  readonly type: string;
  /** In the order in which they are listed. Tests may add and remove some. */
  readonly versions: string[];
  /** `os_arch` */
  readonly platforms: readonly string[];
  /** Who signs its releases; the key of the catalogue when absent. */
  signer?: UpstreamKey;
}

interface Signed {
  readonly shasums: string;
  readonly signature: Buffer;
}

const DOWNLOAD = /^\/v1\/providers\/([^/]+)\/([^/]+)\/([^/]+)\/download\/([^/]+)\/([^/]+)$/;
const FILE = /^\/files\/([^/]+)\/([^/]+)\/([^/]+)\/([^/]+)$/;

/**
 * An honest provider registry on the loopback interface with as many providers, versions and platforms as a test wants.
 * Counts what is asked for; single packages can be made to fail or to wait. (Node runs this file as it is, for the
 * benchmark.)
 */
export class UpstreamCatalogue {
  static readonly HOST = '127.0.0.3';

  /** How often the bytes of a package were asked for, by file name. */
  readonly fetched = new Map<string, number>();
  /** Paths of all requests. */
  readonly asked: string[] = [];
  /** Bytes that are sent instead of the honest ones, by file name. */
  readonly replaced = new Map<string, Buffer>();
  /** Packages that the upstream says it does not have, by file name. */
  readonly missing = new Set<string>();
  /** Called before a package is sent. */
  beforePackage: (filename: string) => Promise<void> | void = () => undefined;
  private readonly signed = new Map<string, Promise<Signed>>();
  private readonly editions = new Map<string, number>();
  private readonly packed = new Map<string, Buffer>();

  readonly providers: CatalogueProvider[];
  private readonly key: UpstreamKey;
  private readonly server: Server;
  private readonly host: string;

  private constructor(key: UpstreamKey, providers: CatalogueProvider[], server: Server, host: string) {
    this.key = key;
    this.providers = providers;
    this.server = server;
    this.host = host;
  }

  static async start(
    key: UpstreamKey,
    providers: CatalogueProvider[],
    host: string = UpstreamCatalogue.HOST,
  ): Promise<UpstreamCatalogue> {
    const server = createServer();
    await new Promise<void>((done, fail) => server.once('error', fail).listen(0, host, done));
    const catalogue = new UpstreamCatalogue(key, providers, server, host);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void catalogue.answer(request, response).catch(() => response.destroy());
    });
    return catalogue;
  }

  /** Host and port: what stands in addresses of mirrored providers. */
  get authority(): string {
    return `${this.host}:${(this.server.address() as AddressInfo).port}`;
  }

  get origin(): string {
    return `http://${this.authority}`;
  }

  /** All packages that were asked for, repetitions included. */
  get packagesFetched(): number {
    return [...this.fetched.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The honest bytes of a package. */
  packageBytes({ type }: Pick<CatalogueProvider, 'type'>, version: string, platform: string): Buffer {
    const edition = this.editions.get(`${type} ${version}`) ?? 0;
    const name = `${type} ${version} ${platform} ${edition}`;
    const known = this.packed.get(name);
    if (known) return known;
    const data = `#!/bin/sh\necho "${name}"\n`.repeat(20);
    const bytes = packZip([{ name: `terraform-provider-${type}_v${version}`, data, mode: 0o755 }]);
    this.packed.set(name, bytes);
    return bytes;
  }

  /** Releases a version once more with other bytes, signed anew. */
  releaseAgain({ namespace, type }: CatalogueProvider, version: string): void {
    const name = `${type} ${version}`;
    this.editions.set(name, (this.editions.get(name) ?? 0) + 1);
    this.signed.delete(`${namespace}/${name}`);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    if (this.server.listening) await new Promise((done) => this.server.close(done));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://fake');
    this.asked.push(pathname);
    if (pathname === '/.well-known/terraform.json') {
      return sendJson(request, response, { 'providers.v1': '/v1/providers/' });
    }
    const [, , , namespace, type, last] = pathname.split('/');
    if (type === undefined && pathname.startsWith('/v1/providers')) {
      const listed = this.providers.filter((one) => !namespace || one.namespace === namespace);
      const providers = listed.map((one) => ({ namespace: one.namespace, name: one.type }));
      return sendJson(request, response, { meta: { limit: 100 }, providers });
    }
    if (last === 'versions') {
      const provider = this.find(namespace, type);
      if (provider === undefined) return void response.writeHead(404).end();
      return sendJson(request, response, listingOf(provider));
    }
    const download = DOWNLOAD.exec(pathname);
    if (download) return this.describe(request, response, download.slice(1));
    const file = FILE.exec(pathname);
    if (file) return this.sendFile(response, file.slice(1));
    response.writeHead(404).end();
  }

  private find(namespace: string | undefined, type: string | undefined): CatalogueProvider | undefined {
    return this.providers.find((one) => one.namespace === namespace && one.type === type);
  }

  private describe(request: IncomingMessage, response: ServerResponse, parts: readonly string[]): void {
    const [namespace, type, version, os, arch] = parts as [string, string, string, string, string];
    const provider = this.find(namespace, type);
    if (!provider?.versions.includes(version)) return void response.writeHead(404).end();
    const filename = packageName(type, version, `${os}_${arch}`);
    const files = `/files/${namespace}/${type}/${version}`;
    const { armor } = provider.signer ?? this.key;
    sendJson(request, response, {
      protocols: ['5.0'],
      ...{ os, arch, filename },
      download_url: `${files}/${filename}`,
      shasums_url: `${files}/SHA256SUMS`,
      shasums_signature_url: `${files}/SHA256SUMS.sig`,
      shasum: sha256(this.packageBytes(provider, version, `${os}_${arch}`)),
      signing_keys: { gpg_public_keys: [{ key_id: 'not read', ascii_armor: armor }] },
    });
  }

  private async sendFile(response: ServerResponse, parts: readonly string[]): Promise<void> {
    const [namespace, type, version, file] = parts as [string, string, string, string];
    const provider = this.find(namespace, type);
    if (provider === undefined) return void response.writeHead(404).end();
    if (file === 'SHA256SUMS') return void response.end((await this.sign(provider, version)).shasums);
    if (file === 'SHA256SUMS.sig') return void response.end((await this.sign(provider, version)).signature);
    const platform = provider.platforms.find((one) => packageName(type, version, one) === file);
    if (platform === undefined || this.missing.has(file)) return void response.writeHead(404).end();
    this.fetched.set(file, (this.fetched.get(file) ?? 0) + 1);
    await this.beforePackage(file);
    response.end(this.replaced.get(file) ?? this.packageBytes(provider, version, platform));
  }

  private sign(provider: CatalogueProvider, version: string): Promise<Signed> {
    const key = `${provider.namespace}/${provider.type} ${version}`;
    const known = this.signed.get(key);
    if (known) return known;
    const packages = provider.platforms.map((platform) => [
      packageName(provider.type, version, platform),
      this.packageBytes(provider, version, platform),
    ]);
    const shasums = shasumsOf(Object.fromEntries(packages) as Record<string, Buffer>);
    const made = (provider.signer ?? this.key).sign(shasums).then((signature) => ({ shasums, signature }));
    this.signed.set(key, made);
    return made;
  }
}

function listingOf({ versions, platforms }: CatalogueProvider): object {
  const listed = platforms.map((key) => ({ os: key.split('_')[0], arch: key.split('_')[1] }));
  return { versions: versions.map((version) => ({ version, protocols: ['5.0'], platforms: listed })) };
}

function sendJson(request: IncomingMessage, response: ServerResponse, document: object): void {
  const body = JSON.stringify(document);
  const etag = `"${sha256(body)}"`;
  response.setHeader('etag', etag);
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
  response.setHeader('content-type', 'application/json');
  response.end(body);
}

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
