import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { moduleArchive, providerPackage } from '../support/build-fixtures.js';
import { E2eRegistry, moduleConfiguration, providerConfiguration } from '../support/e2e-registry.js';
import { publishModule, publishProvider } from '../support/publish-client.js';
import { TERRAFORM } from '../support/terraform-cli.js';
import type { TerraformWorkspace } from '../support/terraform-cli.js';

const OS = process.platform === 'darwin' ? 'darwin' : 'linux';
const ARCH = process.arch === 'arm64' ? 'arm64' : 'amd64';

describe.skipIf(!TERRAFORM)('terraform with a registry that nobody reads anonymously', () => {
  let e2e: E2eRegistry;
  const workspaces: TerraformWorkspace[] = [];

  const workspace = (configuration: string, token?: string): TerraformWorkspace => {
    const one = e2e.workspace(configuration, { token });
    workspaces.push(one);
    return one;
  };
  const module = (name = 'vpc'): string => moduleConfiguration(`${e2e.host}/myorg/${name}/aws`, '1.0.0');
  const provider = (type = 'mycloud'): string => providerConfiguration(`${e2e.host}/myorg/${type}`, '1.0.0');

  beforeAll(async () => {
    e2e = await E2eRegistry.start('tls', { TFR_AUTH_ANONYMOUS_READ: 'false' });
    const published = await publishModule(e2e.publish, { version: '1.0.0', archive: moduleArchive() });
    expect(published.status).toBe(201);
    const file = providerPackage('mycloud', '1.0.0', `${OS}_${ARCH}`);
    const answer = await publishProvider(e2e.publish, { version: '1.0.0', os: OS, arch: ARCH, file });
    expect(answer.status).toBe(201);
  });
  afterAll(() => e2e?.stop());
  afterEach(() => workspaces.splice(0).forEach((one) => one.remove()));

  it('installs a module and a provider with a key that may read (checklist 13, 16)', async () => {
    const key = await e2e.registry.createKey('modules:read,providers:read');
    for (const configuration of [module(), provider()]) {
      const init = await workspace(configuration, key).run('init');
      expect(init.status, init.text).toBe(0);
    }
  });

  it('refuses a module without a credential, existing or not (checklist 14)', async () => {
    for (const name of ['vpc', 'nothing']) {
      const init = await workspace(module(name)).run('init');
      expect(init.status).toBe(1);
      expect(init.text).toContain('401 Unauthorized');
    }
  });

  it('refuses a provider without a credential, existing or not (checklist 14, 15)', async () => {
    for (const type of ['mycloud', 'nothing']) {
      const init = await workspace(provider(type)).run('init');
      expect(init.status).toBe(1);
      expect(init.text).toContain('requires authentication credentials');
    }
  });

  it('refuses a key that it does not know (checklist 14, 15)', async () => {
    const init = await workspace(provider(), `tfr_${'x'.repeat(43)}`).run('init');
    expect(init.status).toBe(1);
    expect(init.text).toContain('rejected the given authentication credentials');
  });

  it('answers discovery whatever credential is sent (checklist 1, 4)', async () => {
    for (const authorization of ['', 'Bearer no-such-key']) {
      const answer = await e2e.get('/.well-known/terraform.json', { headers: { authorization } });
      expect(answer.status).toBe(200);
    }
  });
});
