import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { EgressConfig } from '../../../../src/config/egress.config.js';
import { LimitsConfig } from '../../../../src/config/limits.config.js';
import { MirrorConfig } from '../../../../src/config/mirror.config.js';
import type { StorageConfig } from '../../../../src/config/storage.config.js';
import { FetchLimits } from '../../../../src/mirror/fetching/fetch-limits.js';
import { type FetchedModule, ModuleFetcher } from '../../../../src/mirror/fetching/module-fetcher.service.js';
import { HttpModuleRegistryClient } from '../../../../src/mirror/upstream/http-module-registry-client.js';
import type { ModuleSource } from '../../../../src/mirror/upstream/module-registry-client.js';
import { PackageDownload } from '../../../../src/mirror/upstream/package-download.js';
import { UpstreamFetch } from '../../../../src/mirror/upstream/upstream-fetch.js';
import { upstreamRegistry } from '../../../../src/mirror/upstream/upstream-registry.js';
import { ModuleInspector } from '../../../../src/modules/module-inspector.js';
import { Metrics } from '../../../../src/platform/metrics/metrics.js';
import { EgressGuard } from '../../../../src/platform/outbound-http/egress-guard.js';
import { OutboundHttp } from '../../../../src/platform/outbound-http/outbound-http.js';
import { TempFiles } from '../../../../src/platform/temp-files/temp-files.js';
import { FakeModuleUpstream } from './fake-module-upstream.js';

const MIB = 1024 * 1024;
/** The token of the fake upstream; it has to stay at its origin. */
export const MODULE_TOKEN = 'test-only-module-token';
/** The first version of the module of the fake. */
export const FIRST = { namespace: 'acme-public', name: 'vpc', system: 'aws', version: '1.0.0' };

/**
 * What pull-through uses to ask an upstream about modules, wired by hand; only the fake may be reached. Repositories of
 * `tar.gz.example.com` and `zip.example.com` lead to the archive of version 1.0.0.
 */
export class ModuleHarness {
  readonly client: HttpModuleRegistryClient;
  readonly fetcher: ModuleFetcher;
  readonly inspector: ModuleInspector;
  private readonly http: OutboundHttp;
  private readonly directory = mkdtempSync(join(tmpdir(), 'tfr-module-'));

  constructor(
    readonly upstream: FakeModuleUpstream,
    changes: { readonly limits?: Partial<LimitsConfig>; readonly fetching?: Partial<FetchLimits> } = {},
  ) {
    const limits = Object.assign(
      new LimitsConfig(),
      { moduleMaxBytes: MIB, moduleMaxUnpackedBytes: 4 * MIB, moduleMaxEntries: 200 },
      changes.limits,
    );
    const fetching = new FetchLimits({ retryPauseMs: 1, ...changes.fetching });
    const egress = Object.assign(new EgressConfig(), { allowlist: [FakeModuleUpstream.HOST] });
    this.http = new OutboundHttp(new EgressGuard(egress), egress, new Metrics(new Registry()));
    const fetch = new UpstreamFetch(this.http, fetching);
    const archives = ['tar.gz', 'zip'].map(
      (format) =>
        `${format}.example.com=${upstream.origin}/archives/{owner}/{repository}/aws/1.0.0.${format}?ref={ref}`,
    );
    const gitArchives = [upstream.gitArchives, ...archives];
    const config = Object.assign(new MirrorConfig(), { gitArchives });
    const temp = new TempFiles({ tempDir: this.directory, localBasePath: this.directory } as StorageConfig);
    this.client = new HttpModuleRegistryClient(fetch, config);
    this.inspector = new ModuleInspector(limits);
    this.fetcher = new ModuleFetcher(new PackageDownload(fetch, fetching), this.inspector, temp, limits);
  }

  /** What is on disk now. */
  get leftovers(): string[] {
    return readdirSync(this.directory);
  }

  /** What pull-through does: discovery, versions, source, archive. */
  async pull(
    wanted = FIRST,
    signal?: AbortSignal,
  ): Promise<{ source: ModuleSource; fetched: FetchedModule }> {
    const service = await this.client.discover(upstreamRegistry(this.upstream.origin, MODULE_TOKEN), signal);
    await this.client.versions(service, wanted, signal);
    const source = await this.client.source(service, wanted, signal);
    const fetched = await this.fetcher.fetch(source, 'acme-public/vpc/aws 1.0.0', signal);
    return { source, fetched };
  }

  async close(): Promise<void> {
    await this.http.onApplicationShutdown();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
