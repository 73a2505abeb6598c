import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { EgressConfig } from '../../../../src/config/egress.config.js';
import { LimitsConfig } from '../../../../src/config/limits.config.js';
import type { StorageConfig } from '../../../../src/config/storage.config.js';
import { Platform } from '../../../../src/kernel/terraform/platform.js';
import { FetchLimits } from '../../../../src/mirror/fetching/fetch-limits.js';
import {
  type FetchedPackage,
  PackageFetcher,
  type PackageRequest,
} from '../../../../src/mirror/fetching/package-fetcher.service.js';
import { ReleaseVerifier } from '../../../../src/mirror/fetching/release-verifier.js';
import { HttpRegistryClient } from '../../../../src/mirror/upstream/http-registry-client.js';
import { PackageDownload } from '../../../../src/mirror/upstream/package-download.js';
import type { ListingAnswer } from '../../../../src/mirror/upstream/registry-client.js';
import { UpstreamFetch } from '../../../../src/mirror/upstream/upstream-fetch.js';
import { type ProviderService, upstreamRegistry } from '../../../../src/mirror/upstream/upstream-registry.js';
import { Metrics } from '../../../../src/platform/metrics/metrics.js';
import { EgressGuard } from '../../../../src/platform/outbound-http/egress-guard.js';
import { OutboundHttp } from '../../../../src/platform/outbound-http/outbound-http.js';
import { OpenPgpVerifier } from '../../../../src/platform/signatures/openpgp-verifier.js';
import { TempFiles } from '../../../../src/platform/temp-files/temp-files.js';
import { ProviderPackageInspector } from '../../../../src/providers/provider-package-inspector.js';
import { FakeUpstream } from './fake-upstream.js';
import { NAMESPACE, TYPE, VERSION } from './upstream-release.js';

/** The token of the fake upstream; it has to stay at its origin. */
export const TOKEN = 'test-only-upstream-token';
export const NAME = { namespace: NAMESPACE, type: TYPE };
export const LINUX = Platform.parse({ os: 'linux', arch: 'amd64' });

/** Everything a sync uses to ask an upstream, wired by hand; only the two addresses of the fake may be reached. */
export class MirrorHarness {
  readonly client: HttpRegistryClient;
  readonly fetcher: PackageFetcher;
  readonly releases: ReleaseVerifier;
  private readonly temp: TempFiles;
  private readonly http: OutboundHttp;
  private readonly directory = mkdtempSync(join(tmpdir(), 'tfr-mirror-'));

  constructor(
    changes: Partial<FetchLimits> = {},
    network: { readonly egress?: Partial<EgressConfig>; readonly resolve?: LookupFunction } = {},
  ) {
    const limits = new FetchLimits({ retryPauseMs: 1, maxPackageBytes: 4 * 1024 * 1024, ...changes });
    const egress = Object.assign(new EgressConfig(), {
      allowlist: [...FakeUpstream.HOSTS],
      ...network.egress,
    });
    const guard = new EgressGuard(egress, network.resolve);
    this.http = new OutboundHttp(guard, egress, new Metrics(new Registry()));
    const upstream = new UpstreamFetch(this.http, limits);
    this.temp = new TempFiles({ tempDir: this.directory, localBasePath: this.directory } as StorageConfig);
    this.client = new HttpRegistryClient(upstream);
    this.releases = new ReleaseVerifier(upstream, new OpenPgpVerifier());
    const inspector = new ProviderPackageInspector(new LimitsConfig());
    const downloads = new PackageDownload(upstream, limits);
    this.fetcher = new PackageFetcher(this.client, this.releases, downloads, inspector, this.temp);
  }

  /** What is on disk now. */
  get leftovers(): string[] {
    return readdirSync(this.directory);
  }

  /** Finds where the fake answers, with its token. */
  discover(upstream: FakeUpstream): Promise<ProviderService> {
    return this.client.discover(upstreamRegistry(upstream.origin, TOKEN));
  }

  /** What a sync does for one package: discovery, list, package. The honest key is approved. */
  async mirror(
    upstream: FakeUpstream,
    more: Partial<PackageRequest> = {},
  ): Promise<{ listing: ListingAnswer; fetched: FetchedPackage }> {
    const service = await this.discover(upstream);
    const listing = await this.client.versions(service, NAME);
    const fetched = await this.fetcher.fetch({
      service,
      name: NAME,
      version: VERSION,
      platform: LINUX,
      trust: { approved: [upstream.keys.honest.armor], onFirstUse: 'hold' },
      ...more,
    });
    return { listing, fetched };
  }

  async close(): Promise<void> {
    await this.http.onApplicationShutdown();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
