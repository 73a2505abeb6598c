import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Platform } from '../../src/kernel/terraform/platform.js';
import type { FetchedPackage } from '../../src/mirror/fetching/package-fetcher.service.js';
import { buildZip } from '../support/archives/zip-builder.js';
import { providerConfiguration } from '../support/e2e-registry.js';
import { FakeUpstream } from '../support/fakes/upstream/fake-upstream.js';
import { MirrorHarness } from '../support/fakes/upstream/mirror-harness.js';
import { makeUpstreamKeys } from '../support/fakes/upstream/upstream-keys.js';
import {
  makeRelease,
  NAMESPACE,
  PLATFORMS,
  TYPE,
  VERSION,
} from '../support/fakes/upstream/upstream-release.js';
import { TERRAFORM, TerraformWorkspace } from '../support/terraform-cli.js';
import { issueTestTls, type TestTls } from '../support/tls.js';

const PLATFORM = `${process.platform === 'darwin' ? 'darwin' : 'linux'}_${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;
const CAN_RUN = TERRAFORM !== undefined && (PLATFORMS as readonly string[]).includes(PLATFORM);

/** A package as some publishers make it, with entries for its directories. */
const PACKAGE = buildZip([
  { name: 'docs/', content: '', mode: 0o040755 },
  { name: 'docs/readme.md', content: 'hello', mode: 0o100644 },
  { name: `terraform-provider-${TYPE}_v${VERSION}`, content: '#!/bin/sh\nexit 1\n', mode: 0o100755 },
]);

describe.skipIf(!CAN_RUN)('terraform and a package with entries for directories', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tfr-e2e-directories-'));
  const workspaces: TerraformWorkspace[] = [];
  let tls: TestTls;
  let server: Server;
  let fetched: FetchedPackage;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    const keys = await makeUpstreamKeys();
    const release = await makeRelease(keys.honest, VERSION, { packages: () => PACKAGE });
    const upstream = await FakeUpstream.start(keys, { release: () => Promise.resolve(release) });
    const harness = new MirrorHarness();
    ({ fetched } = await harness.mirror(upstream, { platform: Platform.parseKey(PLATFORM) }));
    await fetched.discard();
    await harness.close();
    await upstream.stop();

    tls = await issueTestTls(directory);
    server = createServer({ cert: tls.cert, key: tls.key }, ({ url = '' }, response) => {
      if (url === '/package.zip') return void response.end(PACKAGE);
      const { h1, zh } = fetched;
      const document = url.endsWith('index.json')
        ? { versions: { [VERSION]: {} } }
        : { archives: { [PLATFORM]: { url: '/package.zip', hashes: [h1, zh] } } };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(document));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterAll(async () => {
    for (const workspace of workspaces) workspace.remove();
    server?.closeAllConnections();
    if (server) await new Promise((done) => server.close(done));
    rmSync(directory, { recursive: true, force: true });
    Logger.overrideLogger(['error']);
  });

  async function init(lock?: string): Promise<string> {
    const workspace = new TerraformWorkspace({
      main: providerConfiguration(`upstream.test/${NAMESPACE}/${TYPE}`, VERSION),
      caFile: tls.caFile,
      networkMirror: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    });
    workspaces.push(workspace);
    if (lock !== undefined) workspace.write('.terraform.lock.hcl', lock);
    const result = await workspace.run('init');
    expect(result.status, result.text).toBe(0);
    return readFileSync(join(workspace.path, '.terraform.lock.hcl'), 'utf8');
  }

  it('agree on the hashes that a mirror serves for it', async () => {
    const lock = await init();
    expect(lock).toContain(`"${fetched.h1}"`);
    // As "terraform providers lock" records it at the upstream.
    const withZipHash = lock.replace('hashes = [', `hashes = [\n    "${fetched.zh}",`);
    expect(await init(withZipHash)).toContain(`"${fetched.zh}"`);
  });
});
