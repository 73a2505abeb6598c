import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { E2eRegistry, moduleConfiguration, shortened } from '../support/e2e-registry.js';
import { FakeModuleUpstream } from '../support/fakes/upstream/fake-module-upstream.js';
import { TERRAFORM, type TerraformWorkspace } from '../support/terraform-cli.js';

const MODULE = 'acme-public/vpc/aws';

describe.skipIf(!TERRAFORM)('terraform with modules that are fetched on demand, over TLS', () => {
  let upstream: FakeModuleUpstream;
  let e2e: E2eRegistry;
  const workspaces: TerraformWorkspace[] = [];

  beforeAll(async () => {
    upstream = await FakeModuleUpstream.start();
    e2e = await E2eRegistry.start('tls', { TFR_SECURITY_EGRESS_ALLOWLIST: FakeModuleUpstream.HOST });
    const admin = await e2e.registry.createKey('admin');
    const post = async (path: string, json: unknown): Promise<void> => {
      const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' };
      const body = JSON.stringify(json);
      const answer = await e2e.get(`/api/v1/admin${path}`, { method: 'POST', headers, body });
      expect(answer.status, answer.body.toString()).toBe(201);
    };
    await post('/policies', { name: 'allow the upstream', policy_type: 'allow', priority: 10 });
    await post('/mirrors', {
      name: 'modules on demand',
      upstream_registry_url: upstream.origin,
      pull_through: true,
      module_namespaces: ['acme-public'],
    });
  });
  afterAll(async () => {
    for (const workspace of workspaces) workspace.remove();
    await e2e?.stop();
    await upstream?.stop();
  });

  async function init(source: string, version: string): Promise<TerraformWorkspace> {
    const workspace = e2e.workspace(moduleConfiguration(`${e2e.host}/${source}`, version));
    workspaces.push(workspace);
    e2e.proxy.clear();
    const { status, text } = await workspace.run('init');
    expect(status, text).toBe(0);
    return workspace;
  }

  it('installs what is not here, and from then on without the upstream', async () => {
    const workspace = await init(MODULE, '~> 1.0');
    expect(existsSync(join(workspace.path, '.terraform/modules/sample/modules/subnet/main.tf'))).toBe(true);
    const lines = shortened(e2e.proxy.lines());
    expect(lines).toContain(`GET /v1/modules/${MODULE}/versions`);
    expect(lines).toContain(`GET /v1/modules/${MODULE}/1.1.0/download`);
    expect(lines.some((line) => line.startsWith(`GET /v1/modules/${MODULE}/1.1.0/pull/vpc.tar.gz`))).toBe(
      true,
    );
    expect(upstream.archivesFetched).toBe(1);
    upstream.isDown = true;
    await init(MODULE, '1.1.0');
    expect(shortened(e2e.proxy.lines()).at(-1)).toContain('GET /v1/files/');
    upstream.isDown = false;
    expect(upstream.archivesFetched).toBe(1);
  });

  it('installs a submodule of what is not here', async () => {
    const workspace = await init(`${MODULE}//modules/subnet`, '2.0.0');
    expect(existsSync(join(workspace.path, '.terraform/modules/sample/modules/subnet/variables.tf'))).toBe(
      true,
    );
    expect(upstream.archivesFetched).toBe(2);
  });
});
