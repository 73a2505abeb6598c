import { randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import type { Mirror } from '../../../src/mirror/domain/mirror.js';
import { Mirrors } from '../../../src/mirror/configuration/mirrors.service.js';
import type { Answer } from '../../support/http-request.js';
import { mirrorPath, mirrorRelease } from '../../support/mirrored-release.js';
import type { TestApp } from '../../support/test-app.js';
import { People, type Signed } from '../routes/support/people.js';

/** No policy but the one for every registry speaks of it. */
export const HOST = 'registry.example.com';

/** A provider that a mirror brought. */
export interface Brought {
  readonly namespace: string;
  readonly type: string;
}

/** Mirrors, what they brought, and an administrator who decides about it. */
export class GateFixture {
  private constructor(
    readonly app: TestApp,
    readonly admin: Signed,
  ) {}

  static async of(app: TestApp): Promise<GateFixture> {
    const people = new People(app);
    const id = await people.add({ [await people.defaultOrganization()]: 'admin' }, { name: 'Grace' });
    return new GateFixture(app, await people.signIn(id));
  }

  /** Stores a mirror; one that is disabled never runs by itself. */
  async addMirror(
    more: { organizationId?: string; rules?: object; coolDownDays?: number } = {},
  ): Promise<Mirror> {
    const [row] = await this.app.query<{ id: string }>(
      `INSERT INTO mirrors
         (name, upstream_url, upstream_host, organization_id, is_enabled, auto_approval, cool_down_days)
       VALUES ($1, $2, $3, $4, false, $5, $6) RETURNING id`,
      [
        `mirror-${randomUUID()}`,
        `https://${HOST}`,
        HOST,
        more.organizationId ?? null,
        more.rules ? JSON.stringify(more.rules) : null,
        more.coolDownDays ?? 0,
      ],
    );
    return (await this.app.get(Mirrors).find(row!.id))!;
  }

  /** Has a mirror bring a version, whatever policies say. */
  async bring(
    mirror: Mirror,
    wanted: Brought = { namespace: aName('ns'), type: aName('p') },
    version = '1.0.0',
  ): Promise<Brought> {
    await this.seen(mirror, wanted);
    const { organizationId } = mirror;
    await mirrorRelease(this.app, { host: HOST, ...wanted, version, organizationId });
    return wanted;
  }

  /** A mirror has gone through a provider. */
  async seen({ id }: Mirror, { namespace, type }: Brought): Promise<void> {
    await this.app.query(
      `INSERT INTO mirrored_providers (mirror_id, upstream_host, namespace, provider_type)
       VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
      [id, HOST, namespace, type],
    );
  }

  /** Adds a policy; gives its id. */
  async addPolicy(policy: object): Promise<string> {
    const json = { name: aName('policy'), upstream_registry: HOST, priority: 10, ...policy };
    return this.done(await this.admin('/api/v1/admin/policies', { method: 'POST', json }), 201);
  }

  async removePolicy(id: string): Promise<void> {
    await this.done(await this.admin(`/api/v1/admin/policies/${id}`, { method: 'DELETE' }), 200);
  }

  /** Asks for an approval; gives its id. */
  async ask(mirror: Mirror, { namespace, type }: Brought, version?: string): Promise<string> {
    const json = {
      mirror_config_id: mirror.id,
      provider_namespace: namespace,
      provider_name: type,
      ...(version !== undefined && { version }),
    };
    return this.done(await this.admin('/api/v1/admin/approvals', { method: 'POST', json }), 201);
  }

  async review(id: string, json: object): Promise<void> {
    const answer = await this.admin(`/api/v1/admin/approvals/${id}/review`, { method: 'PUT', json });
    await this.done(answer, 200);
  }

  /** Why a provider is held back now; `null`: it is not. */
  async heldBack({ namespace, type }: Brought): Promise<string | null> {
    const [row] = await this.app.query<{ reason: string | null }>(
      `SELECT held_back_reason AS reason FROM registry_providers
       WHERE upstream_host = $1 AND namespace = $2 AND type = $3`,
      [HOST, namespace, type],
    );
    return row!.reason;
  }

  /** Waits until nothing is to be evaluated any more. */
  async settled(): Promise<void> {
    await vi.waitFor(
      async () => {
        const waiting = await this.app.query(
          `SELECT FROM graphile_worker.jobs WHERE task_identifier = 'reevaluate-mirrored-providers'
             AND (key IS NULL OR key NOT LIKE 'tick:%')`,
        );
        expect(waiting).toHaveLength(0);
      },
      { timeout: 30_000, interval: 20 },
    );
  }

  private done(answer: Answer, status: number): string {
    expect(answer.status, answer.body.toString()).toBe(status);
    return answer.json<{ id: string }>().id;
  }
}

/** What clients get of a provider: index and document of the mirror, versions and download of the registry. */
export async function answersOf(app: TestApp, wanted: Brought, version = '1.0.0'): Promise<Answer[]> {
  const { namespace, type } = wanted;
  const base = mirrorPath({ host: HOST, ...wanted });
  const paths = [
    `${base}/index.json`,
    `${base}/${version}.json`,
    `/v1/providers/${namespace}/${type}/versions`,
    `/v1/providers/${namespace}/${type}/${version}/download/linux/amd64`,
  ];
  return Promise.all(paths.map((path) => app.request(path, { lean: true })));
}

/** Waits until every one of them has this status. */
export async function expectAll(app: TestApp, wanted: Brought, status: 200 | 404): Promise<void> {
  await vi.waitFor(
    async () => {
      const answers = await answersOf(app, wanted);
      expect(answers.map((one) => one.status)).toEqual([status, status, status, status]);
    },
    { timeout: 30_000, interval: 20 },
  );
}

/** A name that nothing else has. */
export function aName(prefix: string): string {
  return `${prefix}${randomUUID().slice(0, 8)}`;
}
