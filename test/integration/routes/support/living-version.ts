import { expect } from 'vitest';
import { aModule, moduleApiPath, moduleProtocolPath } from '../../../support/factories/module.factory.js';
import {
  aProvider,
  providerApiPath,
  providerProtocolPath,
} from '../../../support/factories/provider.factory.js';
import type { Answer } from '../../../support/http-request.js';
import type { TestApp } from '../../../support/test-app.js';

export type LivingKind = 'module' | 'provider';
export const LIVING_KINDS: readonly LivingKind[] = ['module', 'provider'];

/** What a version list shows of a version. */
export interface ShownVersion {
  readonly version: string;
  readonly state?: string;
  readonly state_reason?: string;
  readonly withdraw_mode?: string;
  readonly deprecation?: { readonly reason: string; readonly link: string };
  readonly replacement?: string;
}

/** The same requests about a version, whether it is one of a module or of a provider. */
export class LivingVersion {
  readonly apiPath: string;
  readonly protocolPath: string;
  private readonly send: (app: TestApp, key?: string) => Promise<Answer>;

  private constructor(
    private readonly app: TestApp,
    readonly kind: LivingKind,
    readonly version: string,
    path: { api: string; protocol: string; send: (app: TestApp, key?: string) => Promise<Answer> },
  ) {
    this.apiPath = `${path.api}/versions/${version}`;
    this.protocolPath = path.protocol;
    this.send = path.send;
  }

  /** A version of something new, or another version or copy of something that is known. Nothing is published yet. */
  static of(
    app: TestApp,
    kind: LivingKind,
    given: { namespace?: string; name?: string; version?: string } = {},
  ): LivingVersion {
    const { name, ...rest } = given;
    if (kind === 'module') {
      const module = aModule({ ...rest, ...(name !== undefined && { name }) });
      return new LivingVersion(app, kind, module.version, {
        api: moduleApiPath(module),
        protocol: moduleProtocolPath(module),
        send: (to, key) => to.publishModule(module, key),
      });
    }
    const provider = aProvider({ ...rest, ...(name !== undefined && { type: name }) });
    return new LivingVersion(app, kind, provider.version, {
      api: providerApiPath(provider),
      protocol: providerProtocolPath(provider),
      send: (to, key) => to.publishProvider(provider, key),
    });
  }

  /** Publishes the bytes of this version, always the same. */
  publish(key?: string, app = this.app): Promise<Answer> {
    return this.send(app, key);
  }

  /** `withdraw`, `quarantine`, `restore` or `deprecate`. */
  act(action: string, json: object | undefined, key: string, app = this.app): Promise<Answer> {
    return app.request(`${this.apiPath}/${action}`, { method: 'POST', key, json });
  }

  remove(key: string): Promise<Answer> {
    return this.app.request(this.apiPath, { method: 'DELETE', key });
  }

  /** The download document as a CLI asks for it. */
  download(app = this.app): Promise<Answer> {
    const rest = this.kind === 'module' ? 'download' : 'download/linux/amd64';
    return app.request(`${this.protocolPath}/${this.version}/${rest}`, { lean: true });
  }

  /** The links that clients are given for this version. */
  async links(): Promise<string[]> {
    const answer = await this.download();
    expect(answer.status, answer.body.toString()).toBeLessThan(300);
    if (this.kind === 'module') return [String(answer.headers['x-terraform-get'])];
    const document = answer.json<Record<'download_url' | 'shasums_url' | 'shasums_signature_url', string>>();
    return [document.download_url, document.shasums_url, document.shasums_signature_url];
  }

  /** The lean version list, with the warnings of a provider. */
  async lean(app = this.app): Promise<{ versions: ShownVersion[]; warnings?: string[] }> {
    return this.listOf(await app.request(`${this.protocolPath}/versions`, { lean: true }));
  }

  /** The rich version list and the detail, which show the same. */
  async shown(key?: string): Promise<ShownVersion | undefined> {
    const list = this.listOf(await this.app.request(`${this.protocolPath}/versions`, { key }));
    const detail = await this.detail(key);
    const [one, other] = [list, detail].map(({ versions }) =>
      versions.find((row) => row.version === this.version),
    );
    expect(one?.state, 'the list and the detail').toBe(other?.state);
    return one;
  }

  async detail(key?: string): Promise<{ latest_version: string; versions: ShownVersion[] }> {
    const answer = await this.app.request(this.apiPath.replace(/\/versions\/.*/, ''), { key });
    return answer.status === 404 ? { latest_version: '', versions: [] } : answer.json();
  }

  private listOf(answer: Answer): { versions: ShownVersion[]; warnings?: string[] } {
    if (answer.status === 404) return { versions: [] };
    if (this.kind === 'provider') return answer.json();
    return answer.json<{ modules: [{ versions: ShownVersion[] }] }>().modules[0];
  }
}
