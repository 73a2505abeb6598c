import { expect, vi } from 'vitest';
import { moduleApiPath } from '../../../support/factories/module.factory.js';
import type { Answer } from '../../../support/http-request.js';
import type { TestApp } from '../../../support/test-app.js';

const WAIT = { timeout: 25_000, interval: 50 };

/** A version of a module as tests name it. */
export interface NamedVersion {
  readonly namespace: string;
  readonly name: string;
  readonly system: string;
  readonly version: string;
}

/** `/api/v1/modules/…/versions/<version>` */
export function versionPath(module: NamedVersion): string {
  return `${moduleApiPath(module)}/versions/${module.version}`;
}

/** Asks for the documentation of a version; `path` names a submodule or example. */
export function documentation(app: TestApp, module: NamedVersion, path = ''): Promise<Answer> {
  return app.request(`${versionPath(module)}/docs?path=${encodeURIComponent(path)}`, {
    key: app.publisherKey,
  });
}

/** The documentation of a version once its analysis is over. */
export async function analyzed(
  app: TestApp,
  module: NamedVersion,
  path = '',
): Promise<Record<string, unknown>> {
  await vi.waitFor(async () => expect(await isAnalyzed(app, module)).toBe(true), WAIT);
  return (await documentation(app, module, path)).json();
}

async function isAnalyzed(
  app: TestApp,
  { namespace, name, system, version }: NamedVersion,
): Promise<boolean> {
  const rows = await app.query<{ waits: boolean }>(
    `SELECT d.requested_at IS NOT NULL AS waits FROM module_documentation d
     JOIN module_versions v ON v.id = d.version_id JOIN registry_modules m ON m.id = v.module_id
     WHERE m.namespace = $1 AND m.name = $2 AND m.system = $3 AND v.version = $4`,
    [namespace, name, system, version],
  );
  return rows.some(({ waits }) => !waits);
}
