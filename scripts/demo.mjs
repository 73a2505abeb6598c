/**
 * `npm run demo`: a throw-away registry over TLS on loopback. Publishes the sample module and the sample
 * provider, lets the real `terraform init` install both, says what happens, and leaves nothing behind.
 */
import { readFileSync, rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import './typescript-imports.mjs';

const { buildFixtures } = await import('../test/support/build-fixtures.ts');
const { publishModule, publishProvider } = await import('../test/support/publish-client.ts');
const { request } = await import('../test/support/http-request.ts');
const { RegistryProcess } = await import('../test/support/server-process.ts');
const { TerraformWorkspace, TERRAFORM } = await import('../test/support/terraform-cli.ts');
const { issueTestTls } = await import('../test/support/tls.ts');

const startedAt = Date.now();
const cleanUps = [];
let step = 0;

function say(text) {
  step += 1;
  console.log(`\n[${step}] ${text}`);
}

function detail(text) {
  for (const line of String(text).trimEnd().split('\n')) console.log(`    ${line}`);
}

function expectStatus(answer, status, what) {
  if (answer.status !== status) {
    throw new Error(
      `${what} answered ${answer.status} instead of ${status}: ${answer.body.toString().slice(0, 500)}`,
    );
  }
}

function platformOfThisMachine() {
  const os = { darwin: 'darwin', linux: 'linux', win32: 'windows' }[process.platform] ?? 'linux';
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch] ?? 'amd64';
  return { os, arch, key: `${os}_${arch}` };
}

async function startRegistry(directory) {
  say('Starting a registry over TLS, with a certificate authority and a PostgreSQL of its own');
  const tls = await issueTestTls(join(directory, 'tls'));
  const registry = await RegistryProcess.start({ tls });
  cleanUps.unshift(() => registry.dispose());
  const discovery = await request(`${registry.url}/.well-known/terraform.json`, { ca: tls.ca });
  expectStatus(discovery, 200, 'Discovery');
  detail(`${registry.url} is ready; /.well-known/terraform.json says`);
  detail(JSON.stringify(discovery.json(), null, 2));
  return { registry, tls };
}

async function publishSamples(call, fixtures, platform) {
  say('Publishing the sample module myorg/vpc/aws 1.0.0');
  const module = await publishModule(call, {
    version: '1.0.0',
    archive: readFileSync(fixtures.moduleArchive),
  });
  expectStatus(module, 201, 'Publishing the module');
  detail(`201: sha256 ${module.json().checksum}`);

  say(`Publishing the sample provider myorg/mycloud 1.0.0 for ${platform.os}/${platform.arch}`);
  const path = fixtures.providerPackages[platform.key];
  const provider = await publishProvider(call, {
    version: '1.0.0',
    os: platform.os,
    arch: platform.arch,
    file: readFileSync(path),
    filename: basename(path),
    publicKey: readFileSync(fixtures.publicKey, 'utf8'),
  });
  expectStatus(provider, 201, 'Publishing the provider');
  detail(`201: sha256 ${provider.json().checksum}; the registry signed the checksums`);

  const again = await publishModule(call, {
    version: '1.0.0',
    archive: readFileSync(fixtures.moduleArchive),
  });
  expectStatus(again, 409, 'Publishing the module again');
  detail(`The same version again is refused: 409 ${again.json().error}`);
}

async function initWithTerraform(registry, tls) {
  if (TERRAFORM === undefined) {
    say('There is no `terraform` on PATH, so this demo ends before `terraform init`');
    return;
  }
  const host = `127.0.0.1:${registry.port}`;
  say('Running `terraform init` with this configuration');
  const main =
    `terraform {\n  required_providers {\n    mycloud = {\n      source  = "${host}/myorg/mycloud"\n      version = "1.0.0"\n    }\n  }\n}\n\n` +
    `module "vpc" {\n  source  = "${host}/myorg/vpc/aws"\n  version = "1.0.0"\n}\n`;
  detail(main);
  const workspace = new TerraformWorkspace({ main, caFile: tls.caFile });
  cleanUps.unshift(() => workspace.remove());
  const init = await workspace.run('init', '-no-color');
  console.log();
  detail(init.stdout + init.stderr);
  if (init.status !== 0) throw new Error(`terraform init ended with status ${init.status}`);
  const lock = readFileSync(join(workspace.path, '.terraform.lock.hcl'), 'utf8');
  detail('.terraform.lock.hcl has:');
  detail(
    lock
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .join('\n'),
  );
}

async function demo() {
  await ensureBuilt({ say });
  const directory = mkdtempSync(join(tmpdir(), 'tfr-demo-'));
  cleanUps.unshift(() => rmSync(directory, { recursive: true, force: true }));
  const platform = platformOfThisMachine();
  const { registry, tls } = await startRegistry(directory);

  say('Creating an API key: cli keys create --name demo --scopes modules:write,providers:write');
  const key = await registry.createKey();
  detail(`${key.slice(0, 8)}… (shown once, stored as a keyed hash)`);

  const fixtures = await buildFixtures(join(directory, 'fixtures'), [platform.key]);
  await publishSamples({ url: registry.url, key, ca: tls.ca }, fixtures, platform);
  await initWithTerraform(registry, tls);
}

async function cleanUp() {
  for (const one of cleanUps.splice(0)) {
    try {
      await one();
    } catch (error) {
      console.error(`Cleaning up: ${error.message}`);
      process.exitCode = 1;
    }
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void cleanUp().then(() => process.exit(130)));
}
try {
  await demo();
  say('Stopping the registry and removing everything');
} catch (error) {
  console.error(`\nThe demo failed: ${error.message}`);
  process.exitCode = 1;
}
await cleanUp();
if (!process.exitCode) console.log(`\nDone in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`);
