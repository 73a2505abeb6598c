import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fieldsOf, valueIn } from '../../../../../../src/storage/backend-fields.js';
import type { BackendSettings } from '../../../../../../src/storage/domain/backend-settings.js';
import type { Answer } from '../../../../../support/http-request.js';
import { moduleProtocolPath } from '../../../../../support/factories/module.factory.js';
import type { ModulePublish } from '../../../../../support/publish-client.js';
import type { AppRequest, TestApp } from '../../../../../support/test-app.js';

export const STORAGE = '/api/v1/storage';

/** A storage configuration as the interface shows it. */
export type Config = Record<string, unknown> & { id: string; is_active: boolean; updated_at: string };

/** A storage configuration as it is entered. */
export type Entry = Record<string, unknown> & { backend_type: string };

/** What an administrator enters for these settings. */
export function entryOf(settings: BackendSettings): Entry {
  const fields = fieldsOf(settings.type).map((field) => [field.name, valueIn(settings, field)] as const);
  const given = fields.filter(([, value]) => value !== undefined);
  return { backend_type: settings.type, ...Object.fromEntries(given) };
}

/** What a platform administrator does with storages. */
export class StorageAdmin {
  private constructor(
    readonly app: TestApp,
    readonly key: string,
  ) {}

  static async of(app: TestApp): Promise<StorageAdmin> {
    return new StorageAdmin(app, await app.issueKey('admin'));
  }

  /** The same administrator at another process. */
  at(app: TestApp): StorageAdmin {
    return new StorageAdmin(app, this.key);
  }

  request(path: string, options: AppRequest = {}): Promise<Answer> {
    return this.app.request(`${STORAGE}${path}`, { key: this.key, ...options });
  }

  add(body: object): Promise<Answer> {
    return this.request('/configs', { method: 'POST', json: body });
  }

  test(body: object): Promise<Answer> {
    return this.request('/configs/test', { method: 'POST', json: body });
  }

  put(id: string, body: object): Promise<Answer> {
    return this.request(`/configs/${id}`, { method: 'PUT', json: body });
  }

  activate(id: string): Promise<Answer> {
    return this.request(`/configs/${id}/activate`, { method: 'POST' });
  }

  remove(id: string): Promise<Answer> {
    return this.request(`/configs/${id}`, { method: 'DELETE' });
  }

  async list(): Promise<Config[]> {
    return (await this.request('/configs')).json<Config[]>();
  }

  /** Adds what must be accepted. */
  async added(body: object): Promise<Config> {
    const answer = await this.add(body);
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body.toString()}`);
    return answer.json<Config>();
  }

  /** A local configuration in a directory of its own below the allowed ones. */
  local(name: string, more: object = {}): { backend_type: 'local'; local_base_path: string } {
    return { backend_type: 'local', local_base_path: this.directory(name), ...more };
  }

  directory(name: string): string {
    return join(dirname(this.app.config.storage.localBasePath), 'data', name);
  }
}

/** The names of all files below a directory that are objects of the registry. */
export function blobsIn(directory: string): string[] {
  return filesIn(join(directory, 'blobs'));
}

/** The names of all files below a directory. */
export function filesIn(directory: string): string[] {
  mkdirSync(directory, { recursive: true });
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

/** Downloads a module as a CLI does, from `app`; gives the status and the bytes. */
export async function download(app: TestApp, module: Required<ModulePublish>): Promise<Answer> {
  const path = `${moduleProtocolPath(module)}/${module.version}/download`;
  const answer = await app.request(path, { lean: true });
  if (answer.status !== 204) return answer;
  return app.fetchLink(String(answer.headers['x-terraform-get']));
}
