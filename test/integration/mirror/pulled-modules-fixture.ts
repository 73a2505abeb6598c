import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import {
  type FakeModule,
  FakeModuleUpstream,
  vpcModule,
} from '../../support/fakes/upstream/fake-module-upstream.js';
import { moduleArchive } from '../../support/build-fixtures.js';
import { uniqueName } from '../../support/factories/names.js';
import type { Answer } from '../../support/http-request.js';
import { allowEverything } from '../../support/mirror-runs.js';
import { TestApp } from '../../support/test-app.js';

export interface VersionList {
  readonly modules: readonly [{ readonly source: string; readonly versions: readonly { version: string }[] }];
}

export let app: TestApp;
export let admin: string;
export let upstream: FakeModuleUpstream;
export let module: FakeModule;

/** An application and, for each test, an upstream with one module in a namespace of its own. */
export function usePulledModules(): void {
  beforeAll(async () => {
    app = await TestApp.start({
      TFR_SECURITY_EGRESS_ALLOWLIST: FakeModuleUpstream.HOST,
      TFR_MIRROR_PULL_THROUGH_TROUBLE: '0s',
      TFR_MIRROR_PULL_THROUGH_WAIT: '4s',
      TFR_MIRROR_PULL_THROUGH_CONCURRENCY: '64',
      TFR_UPLOADS_MODULE_MAX_SIZE: '1MB',
      TFR_UPLOADS_MODULE_MAX_UNPACKED_SIZE: '4MB',
      TFR_MULTI_TENANCY_ENABLED: 'true',
      TFR_AUTH_ANONYMOUS_READ: 'true',
    });
    admin = await app.issueKey('admin');
    await allowEverything(app);
  });
  afterAll(() => app?.stop());

  beforeEach(async () => {
    module = vpcModule({ namespace: uniqueName('pulled') });
    upstream = await FakeModuleUpstream.start([module]);
    return () => upstream.stop();
  });
}

/** From here on the test is about another namespace. */
export function useModule(other: FakeModule): void {
  module = other;
}

export const api = (path: string, method = 'GET', json?: object): Promise<Answer> =>
  app.request(`/api/v1/admin/mirrors${path}`, { method, key: admin, ...(json && { json }) });

export async function tryMirror(settings: object = {}): Promise<Answer> {
  return api('', 'POST', {
    name: uniqueName('modules'),
    upstream_registry_url: upstream.origin,
    pull_through: true,
    module_namespaces: [module.namespace],
    ...settings,
  });
}

export async function addMirror(settings: object = {}): Promise<string> {
  const answer = await tryMirror(settings);
  expect(answer.status, answer.body.toString()).toBe(201);
  return answer.json<{ id: string }>().id;
}

export const base = (name = module.name): string =>
  `/v1/modules/${module.namespace}/${name}/${module.system}`;
export const list = (on = app, key?: string, name?: string) =>
  on.request(`${base(name)}/versions`, { lean: true, ...(key !== undefined && { key }) });
export const listed = async (on = app): Promise<string[]> => {
  const answer = await list(on);
  expect(answer.status, answer.body.toString()).toBe(200);
  return answer.json<VersionList>().modules[0].versions.map(({ version }) => version);
};
export const ask = (version: string, on = app, key?: string) =>
  on.request(`${base()}/${version}/download`, { lean: true, ...(key !== undefined && { key }) });
export async function linkOf(version: string, on = app): Promise<string> {
  const answer = await ask(version, on);
  expect(answer.status, answer.body.toString()).toBe(204);
  return answer.headers['x-terraform-get'] as string;
}
/** What a client gets that follows redirects. */
export async function follow(link: string, on = app): Promise<Answer> {
  const answer = await on.fetchLink(link);
  return answer.status === 302 ? follow(answer.headers['location'] as string, on) : answer;
}
export async function download(version: string, on = app): Promise<Buffer> {
  const answer = await follow(await linkOf(version, on), on);
  expect(answer.status, answer.body.toString()).toBe(200);
  return answer.body;
}
export const stored = () =>
  app.query<{ version: string; state: string }>(
    `SELECT v.version, v.state FROM module_versions v JOIN registry_modules m ON m.id = v.module_id
     WHERE m.namespace = $1 ORDER BY 1`,
    [module.namespace],
  );
export const claims = () =>
  app.query<{ pulled_from: string | null; is_shared: boolean }>(
    'SELECT pulled_from, is_shared FROM namespace_claims WHERE name = $1',
    [module.namespace],
  );
export const publish = (version = '9.0.0', key?: string) =>
  app.publishModule(
    {
      namespace: module.namespace,
      name: 'own',
      system: 'aws',
      version,
      archive: moduleArchive(),
    },
    ...(key === undefined ? [] : [key]),
  );
