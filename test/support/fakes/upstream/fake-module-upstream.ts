import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { paxHeader, tarDirectory, tarFile, tarGz } from '../../archives/tar-builder.js';
import { packZip, type PackedFile } from '../../build-fixtures.js';

export type ModuleEndpoint = 'discovery' | 'versions' | 'download' | 'archive';

/** One module of the fake. Tests may change everything about it. */
export interface FakeModule {
  readonly namespace: string;
  readonly name: string;
  readonly system: string;
  /** In the order in which they are listed. */
  readonly versions: string[];
  /** What a version has; the files of {@link moduleFiles} when absent. */
  files?: (version: string) => readonly PackedFile[];
  /** How its versions are offered; an archive with a header and a top folder, as by default, when absent. */
  offered?: 'header' | 'body' | 'git' | 'zip';
}

/** One request as a lie sees it. */
export interface ModuleCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly upstream: FakeModuleUpstream;
  /** How often this endpoint was asked before. */
  readonly before: number;
  /** What an honest upstream would send. */
  readonly body: Buffer;
  /** Answers honestly. */
  honestly(): void;
}

/** What a module upstream does otherwise than it should; see `module-lies.ts`. */
export interface ModuleLie {
  /** What the download says instead of the honest address. */
  readonly source?: (honest: string, upstream: FakeModuleUpstream) => string;
  /** The bytes of the archive instead of the honest ones. */
  readonly bytes?: (honest: Buffer, top: string) => Buffer;
  /** Answers a request altogether. */
  readonly answers?: Partial<Record<ModuleEndpoint, (call: ModuleCall) => void>>;
}

/** A request that was noted. */
export interface NotedRequest {
  readonly endpoint: ModuleEndpoint | 'unknown';
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

const ARCHIVE = /^\/archives\/([^/]+)\/([^/]+)\/([^/]+)\/([^/]+)\.(tar\.gz|zip)$/;
const REPOSITORY = /^\/git\/([^/]+)\/terraform-([^-]+)-([^/]+)\/([0-9a-f]{40})$/;

/**
 * A registry of modules on the loopback interface: honest, or lying as a test wants (`lie`). Counts what is asked for.
 * Its archives are like those of GitHub: one folder at the top, the commit in a global header. It has a canary at an
 * address that the registry under test may not reach.
 */
export class FakeModuleUpstream {
  /** The address that tests allow. */
  static readonly HOST = '127.0.0.3';
  static readonly CANARY_HOST = '127.0.0.2';

  readonly asked: NotedRequest[] = [];
  /** How often the bytes of a version were asked for, by `namespace/name/system version`. */
  readonly fetched = new Map<string, number>();
  canaryHits = 0;
  lie: ModuleLie = {};
  /** When true, every request is answered with 503. */
  isDown = false;
  /** Called before an archive is sent. */
  beforeArchive: (what: string) => Promise<void> | void = () => undefined;
  private edition = 0;
  private readonly servers: Server[] = [];

  private constructor(readonly modules: FakeModule[]) {}

  static async start(
    modules: FakeModule[] = [vpcModule()],
    host: string = FakeModuleUpstream.HOST,
  ): Promise<FakeModuleUpstream> {
    const upstream = new FakeModuleUpstream(modules);
    await upstream.listen(host, (request, response) => {
      void upstream.answer(request, response).catch(() => response.destroy());
    });
    const canary = await upstream.listen(FakeModuleUpstream.CANARY_HOST, (_request, response) => {
      response.end('canary');
    });
    canary.on('connection', () => (upstream.canaryHits += 1));
    return upstream;
  }

  /** Host and port. */
  get authority(): string {
    return authorityOf(this.servers[0]!);
  }

  get origin(): string {
    return `http://${this.authority}`;
  }

  /** An address that the registry under test may not reach. */
  get canary(): string {
    return `http://${authorityOf(this.servers[1]!)}`;
  }

  /** The value of `mirror.git_archives` by which modules that are offered as `git` can be fetched. */
  get gitArchives(): string {
    return `${this.authority}=${this.origin}/git/{owner}/{repository}/{ref}`;
  }

  /** How often an endpoint was asked. */
  count(endpoint: ModuleEndpoint): number {
    return this.asked.filter((one) => one.endpoint === endpoint).length;
  }

  /** All archives that were asked for, repetitions included. */
  get archivesFetched(): number {
    return [...this.fetched.values()].reduce((sum, count) => sum + count, 0);
  }

  /** From now on the same versions have other bytes. */
  releaseAgain(): void {
    this.edition += 1;
  }

  /** The commit that a version is of. */
  commitOf(module: FakeModule, version: string): string {
    return createHash('sha1')
      .update(`${nameOf(module)} ${version}`)
      .digest('hex');
  }

  /** The folder at the top of the archives of a version. */
  topFolderOf({ name, system }: FakeModule, version: string): string {
    return `terraform-${system}-${name}-${version}`;
  }

  /** The honest bytes of the archive of a version. */
  archiveOf(module: FakeModule, version: string, format: 'tar.gz' | 'zip' = 'tar.gz'): Buffer {
    const top = this.topFolderOf(module, version);
    const files = (module.files ?? ((of) => moduleFiles(module, of, this.edition)))(version);
    if (format === 'zip') return packZip(files.map((file) => ({ ...file, name: `${top}/${file.name}` })));
    return githubArchive(top, files, this.commitOf(module, version));
  }

  async stop(): Promise<void> {
    for (const server of this.servers) {
      server.closeAllConnections();
      if (server.listening) await new Promise((done) => server.close(done));
    }
  }

  private async listen(
    host: string,
    handler: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<Server> {
    const server = createServer(handler);
    await new Promise<void>((done, fail) => server.once('error', fail).listen(0, host, done));
    this.servers.push(server);
    return server;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://fake').pathname;
    const found = this.find(path);
    const before = found === undefined ? 0 : this.count(found.endpoint);
    this.asked.push({ endpoint: found?.endpoint ?? 'unknown', path, headers: request.headers });
    if (this.isDown) return void response.writeHead(503).end('down');
    if (found === undefined) return void response.writeHead(404).end('{"errors":["Not Found"]}');
    const { endpoint, body, what, send } = found;
    if (endpoint === 'archive' && request.method !== 'HEAD') {
      this.fetched.set(what, (this.fetched.get(what) ?? 0) + 1);
      await this.beforeArchive(what);
    }
    const honestly = (): void => send(response, body);
    const lie = this.lie.answers?.[endpoint];
    if (lie === undefined) honestly();
    else lie({ request, response, upstream: this, before, body, honestly });
  }

  private find(path: string): Found | undefined {
    if (path === '/.well-known/terraform.json') {
      return {
        endpoint: 'discovery',
        what: '',
        body: json({ 'modules.v1': '/v1/modules/' }),
        send: sendJson,
      };
    }
    const archive = ARCHIVE.exec(path);
    if (archive) return this.archive(archive.slice(1, 4), archive[4]!, archive[5] as 'tar.gz' | 'zip');
    const git = REPOSITORY.exec(path);
    if (git) {
      const [namespace, system, name, commit] = git.slice(1) as [string, string, string, string];
      const module = this.module([namespace, name, system]);
      const version = module?.versions.find((one) => this.commitOf(module, one) === commit);
      return version === undefined ? undefined : this.archive([namespace, name, system], version, 'tar.gz');
    }
    const [, v1, modules, namespace, name, system, last, download] = path.split('/');
    const module = v1 === 'v1' && modules === 'modules' ? this.module([namespace, name, system]) : undefined;
    if (module === undefined) return undefined;
    const what = nameOf(module);
    if (last === 'versions' && download === undefined) {
      const versions = module.versions.map((version) => ({ version }));
      return { endpoint: 'versions', what, body: json({ modules: [{ versions }] }), send: sendJson };
    }
    const version = decodeURIComponent(last ?? '');
    if (download !== 'download' || !module.versions.includes(version)) return undefined;
    return this.download(module, version);
  }

  private module([namespace, name, system]: readonly (string | undefined)[]): FakeModule | undefined {
    return this.modules.find(
      (one) => one.namespace === namespace && one.name === name && one.system === system,
    );
  }

  private archive(parts: readonly string[], version: string, format: 'tar.gz' | 'zip'): Found | undefined {
    const module = this.module(parts);
    if (!module?.versions.includes(version)) return undefined;
    const honest = this.archiveOf(module, version, format);
    const body = this.lie.bytes?.(honest, this.topFolderOf(module, version)) ?? honest;
    return { endpoint: 'archive', what: `${nameOf(module)} ${version}`, body, send: sendArchive };
  }

  private download(module: FakeModule, version: string): Found {
    const honest = this.sourceOf(module, version);
    const source = this.lie.source?.(honest, this) ?? honest;
    const what = `${nameOf(module)} ${version}`;
    if (module.offered === 'body') {
      return { endpoint: 'download', what, body: json({ location: source }), send: sendJson };
    }
    const send = (response: ServerResponse): void => {
      response.writeHead(204, { 'x-terraform-get': source }).end();
    };
    return { endpoint: 'download', what, body: Buffer.from(source), send };
  }

  private sourceOf(module: FakeModule, version: string): string {
    const { namespace, name, system, offered = 'header' } = module;
    if (offered === 'git') {
      const repository = `${this.origin}/${namespace}/terraform-${system}-${name}.git`;
      return `git::${repository}?ref=${this.commitOf(module, version)}`;
    }
    const format = offered === 'zip' ? 'zip' : 'tar.gz';
    return `${this.origin}/archives/${nameOf(module)}/${version}.${format}//*?archive=${format}`;
  }
}

interface Found {
  readonly endpoint: ModuleEndpoint;
  /** `namespace/name/system version`, or as far as it goes. */
  readonly what: string;
  readonly body: Buffer;
  readonly send: (response: ServerResponse, body: Buffer) => void;
}

/** A module with three versions, the last of which is the newest. */
export function vpcModule(changes: Partial<FakeModule> = {}): FakeModule {
  return {
    namespace: 'acme-public',
    name: 'vpc',
    system: 'aws',
    versions: ['1.0.0', '1.1.0', '2.0.0'],
    ...changes,
  };
}

/** The files of an honest version; other bytes in another edition. They need no provider. */
export function moduleFiles({ name }: FakeModule, version: string, edition = 0): PackedFile[] {
  return [
    { name: 'README.md', data: `# ${name} ${version}\n\nTest only.\n` },
    { name: 'bin/check.sh', data: '#!/bin/sh\nexit 0\n', mode: 0o755 },
    { name: 'main.tf', data: `output "version" {\n  value = "${version}"\n}\n# edition ${edition}\n` },
    { name: 'modules/subnet/main.tf', data: 'output "subnet" {\n  value = var.cidr\n}\n' },
    { name: 'modules/subnet/variables.tf', data: 'variable "cidr" {\n  default = "10.0.0.0/24"\n}\n' },
    { name: 'variables.tf', data: 'variable "name" {\n  type    = string\n  default = "main"\n}\n' },
  ];
}

/** An archive as GitHub packs it: a global header with the commit, then everything in one folder, folders first. */
export function githubArchive(top: string, files: readonly PackedFile[], commit: string): Buffer {
  const folders = new Set<string>();
  for (const { name } of files) {
    const parts = name.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth += 1) folders.add(parts.slice(0, depth).join('/'));
  }
  return tarGz([
    paxHeader({ comment: commit }, 'g'),
    tarDirectory(`${top}/`, { mode: 0o775 }),
    ...[...folders].sort().map((folder) => tarDirectory(`${top}/${folder}/`, { mode: 0o775 })),
    ...files.map(({ name, data, mode = 0o644 }) =>
      tarFile(`${top}/${name}`, data, { mode: mode & 0o100 ? 0o775 : 0o664 }),
    ),
  ]);
}

function nameOf({ namespace, name, system }: FakeModule): string {
  return `${namespace}/${name}/${system}`;
}

function authorityOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return `${address}:${port}`;
}

function json(document: object): Buffer {
  return Buffer.from(JSON.stringify(document));
}

function sendJson(response: ServerResponse, body: Buffer): void {
  response.setHeader('content-type', 'application/json');
  response.end(body);
}

function sendArchive(response: ServerResponse, body: Buffer): void {
  response.setHeader('content-type', 'application/x-gzip');
  response.setHeader('content-length', body.length);
  response.end(body);
}
