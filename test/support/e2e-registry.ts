import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentWithDatabase } from './app-config.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { freePort } from './free-port.js';
import { request } from './http-request.js';
import type { Answer, RequestOptions } from './http-request.js';
import type { PublishCall } from './publish-client.js';
import { RecordingProxy } from './request-log.js';
import { RegistryProcess } from './server-process.js';
import { TerraformWorkspace } from './terraform-cli.js';
import { issueTestTls } from './tls.js';
import type { TestTls } from './tls.js';

/** How a CLI reaches the registry: TLS and real discovery, or plain http and a `host` block. */
export type Transport = 'tls' | 'http';

/** Both, with the words that a test title needs. */
export const TRANSPORTS: readonly (readonly [string, Transport])[] = [
  ['over TLS through real discovery', 'tls'],
  ['over plain http through a host block', 'http'],
];

/**
 * The built registry behind a proxy that records what clients send. Clients know only the proxy: it is the
 * public address in the configuration.
 */
export class E2eRegistry {
  private constructor(
    private readonly directory: string,
    private readonly tls: TestTls | undefined,
    private readonly database: TestDatabase,
    readonly registry: RegistryProcess,
    readonly proxy: RecordingProxy,
    /** A key that may publish and read. */
    readonly key: string,
  ) {}

  static async start(transport: Transport, env: Record<string, string> = {}): Promise<E2eRegistry> {
    const directory = mkdtempSync(join(tmpdir(), 'tfr-e2e-tls-'));
    const tls = transport === 'tls' ? await issueTestTls(directory) : undefined;
    const proxy = await RecordingProxy.listen(await freePort(), tls);
    const database = await createTestDatabase();
    const settings = { ...environmentWithDatabase(database.url), ...env };
    const registry = await RegistryProcess.prepare({ tls, publicUrl: proxy.url, env: settings });
    try {
      await registry.launch();
      proxy.forwardTo(registry.url);
      const key = await registry.createKey('modules:write,providers:write');
      return new E2eRegistry(directory, tls, database, registry, proxy, key);
    } catch (error) {
      await proxy.close();
      await registry.dispose();
      await database.drop();
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** The host in source addresses. */
  get host(): string {
    return this.tls ? `127.0.0.1:${this.proxy.port}` : 'registry.test';
  }

  /** The certificate authority that clients have to trust; undefined without TLS. */
  get caFile(): string | undefined {
    return this.tls?.caFile;
  }

  /** For the publishing client; goes to the server directly, so it is not in the log. */
  get publish(): PublishCall {
    return { url: this.registry.url, key: this.key, ca: this.tls?.ca };
  }

  /** A folder with a configuration that uses this registry. */
  workspace(
    main: string,
    options: { token?: string; isConfiguredAtHome?: boolean } = {},
  ): TerraformWorkspace {
    return new TerraformWorkspace({
      main,
      isConfiguredAtHome: options.isConfiguredAtHome,
      host: this.tls ? undefined : { host: this.host, url: this.proxy.url },
      caFile: this.tls?.caFile,
      credentials: options.token === undefined ? {} : { [this.host]: options.token },
    });
  }

  /** A request of a client, through the proxy. */
  get(pathOrUrl: string, options: RequestOptions = {}): Promise<Answer> {
    const url = pathOrUrl.startsWith('http') ? pathOrUrl : `${this.proxy.url}${pathOrUrl}`;
    return request(url, { ca: this.tls?.ca, ...options });
  }

  /** What discovery adds to a sequence of requests. */
  get discovery(): string[] {
    return this.tls ? ['GET /.well-known/terraform.json'] : [];
  }

  async stop(): Promise<void> {
    await this.proxy.close();
    await this.registry.dispose();
    await this.database.drop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A configuration that calls a module of this registry. */
export function moduleConfiguration(source: string, version: string): string {
  return `module "sample" {\n  source  = "${source}"\n  version = "${version}"\n}\n`;
}

/** A configuration that needs a provider of this registry. */
export function providerConfiguration(source: string, version: string): string {
  return (
    'terraform {\n  required_providers {\n    sample = {\n' +
    `      source  = "${source}"\n      version = "${version}"\n    }\n  }\n}\n`
  );
}

/** Shortens file paths so that a sequence of requests can be compared: `HEAD /v1/files/…/module.tar.gz`. */
export function shortened(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/\/v1\/files\/blobs\/sha256\/[0-9a-f/]+\//, '/v1/files/…/'));
}
