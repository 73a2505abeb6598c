import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { moduleArchive, providerPackage } from '../support/build-fixtures.js';
import { E2eRegistry, moduleConfiguration, providerConfiguration } from '../support/e2e-registry.js';
import { publishModule, publishProvider } from '../support/publish-client.js';
import { TERRAFORM, type TerraformWorkspace } from '../support/terraform-cli.js';

const OS = process.platform === 'darwin' ? 'darwin' : 'linux';
const ARCH = process.arch === 'arm64' ? 'arm64' : 'amd64';
const REASON = 'It opens port 22 to everybody,\n\u001b[31muse 1.0.1';

describe.skipIf(!TERRAFORM)('terraform with versions that are withdrawn or quarantined', () => {
  let e2e: E2eRegistry;
  let admin: string;
  const workspaces: TerraformWorkspace[] = [];

  const init = (main: string) => {
    const one = e2e.workspace(main);
    workspaces.push(one);
    return one.run('init');
  };
  const initModule = (name: string, version: string) =>
    init(moduleConfiguration(`${e2e.host}/myorg/${name}/aws`, version));
  async function change(path: string, action: string, json?: object): Promise<void> {
    const answer = await e2e.get(`/api/v1/${path}/${action}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      body: JSON.stringify(json ?? {}),
    });
    expect(answer.status, answer.body.toString()).toBe(200);
  }

  beforeAll(async () => {
    e2e = await E2eRegistry.start('http');
    admin = await e2e.registry.createKey('admin');
    for (const version of ['1.0.0', '1.0.1']) {
      for (const name of ['hidden', 'refused']) {
        const archive = moduleArchive([{ name: 'VERSION', data: `${name} ${version}` }]);
        expect(await publishModule(e2e.publish, { name, version, archive })).toMatchObject({ status: 201 });
      }
      for (const type of ['old', 'gone']) {
        const file = providerPackage(type, version, `${OS}_${ARCH}`);
        const answer = await publishProvider(e2e.publish, { type, version, os: OS, arch: ARCH, file });
        expect(answer.status, answer.body.toString()).toBe(201);
      }
    }
  });
  afterAll(() => e2e?.stop());
  afterEach(() => workspaces.splice(0).forEach((one) => one.remove()));

  it('never chooses a withdrawn version of a module (checklist 58)', async () => {
    await change('modules/myorg/hidden/aws/versions/1.0.1', 'withdraw', { reason: 'broken' });
    const chosen = await initModule('hidden', '~> 1.0');
    expect(chosen.status, chosen.text).toBe(0);
    expect(chosen.text).toContain('1.0.0');
    expect(chosen.text).not.toContain('1.0.1');
  });

  it('prints why a module is refused to those who saw it in the list before (checklist 58, 87)', async () => {
    const behind = await listBefore(e2e.registry.url, ['1.0.0', '1.0.1']);
    e2e.proxy.forwardTo(`http://127.0.0.1:${(behind.address() as AddressInfo).port}`);
    try {
      await change('modules/myorg/refused/aws/versions/1.0.0', 'quarantine', { reason: REASON });
      const refused = await initModule('refused', '1.0.0');
      expect(refused.status).not.toBe(0);
      expect(refused.text.replaceAll(/\s+/g, ' ')).toContain('It opens port 22 to everybody, [31muse 1.0.1');
      expect(refused.stdout + refused.stderr).not.toContain('\u001b[31muse');
    } finally {
      e2e.proxy.forwardTo(e2e.registry.url);
      behind.close();
    }
  });

  it('prints what is deprecated and withdrawn of a provider (checklist 70)', async () => {
    await change('providers/myorg/old/versions/1.0.0', 'deprecate', {
      message: 'Slow.',
      replacement: 'myorg/gone',
    });
    await change('providers/myorg/gone/versions/1.0.1', 'withdraw', { reason: 'Wrong build' });
    const old = await init(providerConfiguration(`${e2e.host}/myorg/old`, '1.0.0'));
    expect(old.status, old.text).toBe(0);
    expect(old.text).toContain('Version 1.0.0 of myorg/old is deprecated: Slow. Use myorg/gone instead.');
    const gone = await init(providerConfiguration(`${e2e.host}/myorg/gone`, '~> 1.0'));
    expect(gone.status, gone.text).toBe(0);
    expect(gone.text).toContain('Version 1.0.1 of myorg/gone is withdrawn: Wrong build');
    expect(gone.text).toMatch(/Installed .*gone v1\.0\.0/);
  });
});

/** In front of the registry: version lists are those of a moment ago, with these versions. */
async function listBefore(upstream: string, versions: readonly string[]): Promise<Server> {
  const list = JSON.stringify({ modules: [{ versions: versions.map((version) => ({ version })) }] });
  const server = createServer((incoming, response) => {
    if (incoming.url?.endsWith('/versions')) return response.end(list);
    const { method, headers, url } = incoming;
    const outgoing = httpRequest(`${upstream}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders);
      answer.pipe(response);
    });
    return incoming.pipe(outgoing);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}
