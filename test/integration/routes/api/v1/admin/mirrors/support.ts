import { randomUUID } from 'node:crypto';
import type { Answer } from '../../../../../../support/http-request.js';
import type { AppRequest, TestApp } from '../../../../../../support/test-app.js';

export const MIRRORS = '/api/v1/admin/mirrors';
export const NOBODY = '00000000-0000-4000-8000-000000000000';

/** An upstream that may be reached, and where nobody listens. */
export const UPSTREAM = 'https://127.0.0.3:1';
export const OTHER_UPSTREAM = 'https://127.0.0.4:1';

/** The schedule is not what these tests are about. */
export const QUIET = {
  TFR_MIRROR_CHECK_INTERVAL: '24h',
  TFR_SECURITY_EGRESS_ALLOWLIST: '127.0.0.3,127.0.0.4',
};

/** A mirror as the interface shows it. */
export type ShownMirror = Record<string, unknown> & { id: string; name: string };

/** What somebody does with mirrors. */
export class MirrorUser {
  constructor(
    readonly app: TestApp,
    readonly key: string,
  ) {}

  /** Somebody who manages mirrors; without an organization in the default one. */
  static async managing(app: TestApp, organizationId?: string): Promise<MirrorUser> {
    return new MirrorUser(app, await app.issueKey('mirrors:manage', organizationId));
  }

  /** Somebody who may also let more through them. */
  static async administering(app: TestApp, organizationId?: string): Promise<MirrorUser> {
    return new MirrorUser(app, await app.issueKey('admin', organizationId));
  }

  /** Somebody who only sees mirrors. */
  static async reading(app: TestApp, organizationId?: string): Promise<MirrorUser> {
    return new MirrorUser(app, await app.issueKey('mirrors:read', organizationId));
  }

  request(path: string, options: AppRequest = {}): Promise<Answer> {
    return this.app.request(`${MIRRORS}${path}`, { key: this.key, ...options });
  }

  get(id: string, path = ''): Promise<Answer> {
    return this.request(`/${id}${path}`);
  }

  add(body: object): Promise<Answer> {
    return this.request('', { method: 'POST', json: body });
  }

  put(id: string, body: object): Promise<Answer> {
    return this.request(`/${id}`, { method: 'PUT', json: body });
  }

  post(id: string, path: string, body?: object): Promise<Answer> {
    return this.request(`/${id}${path}`, {
      method: 'POST',
      ...(body !== undefined && { json: body }),
    });
  }

  remove(id: string, query = ''): Promise<Answer> {
    return this.request(`/${id}${query}`, { method: 'DELETE' });
  }

  async names(query = ''): Promise<string[]> {
    return (await this.request(query)).json<{ mirrors: ShownMirror[] }>().mirrors.map(({ name }) => name);
  }

  /** Adds a disabled mirror that must be accepted. */
  async added(more: object = {}): Promise<ShownMirror> {
    const answer = await this.add({ ...aMirror(), ...more });
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body.toString()}`);
    return answer.json<ShownMirror>();
  }
}

/** A valid mirror with a name of its own, which does not run by itself. */
export function aMirror(): { name: string; upstream_registry_url: string; enabled: boolean } {
  return { name: `mirror ${randomUUID()}`, upstream_registry_url: UPSTREAM, enabled: false };
}

/** Makes a run of a mirror that no process works on until the test ends it. */
export async function runOf(app: TestApp, mirrorId: string, status = 'running'): Promise<string> {
  const [row] = await app.query<{ id: string }>(
    `INSERT INTO mirror_syncs (mirror_id, triggered_by, status, lease_until, completed_at)
     VALUES ($1, 'manual', $2, now() + interval '1 hour', CASE WHEN $2 = 'running' THEN NULL ELSE now() END)
     RETURNING id`,
    [mirrorId, status],
  );
  return row!.id;
}

/** Says that a mirror brought a provider that is here, with these versions of it. */
export async function broughtBy(
  app: TestApp,
  mirrorId: string,
  { host, namespace, type }: { host: string; namespace: string; type: string },
): Promise<void> {
  await app.query(
    `WITH brought AS (
       INSERT INTO mirrored_providers
         (mirror_id, provider_id, upstream_host, namespace, provider_type, last_synced_at, last_sync_version)
       SELECT $1, id, $2, $3, $4, now(), '1.0.0' FROM registry_providers
       WHERE upstream_host = $2 AND namespace = $3 AND type = $4
       RETURNING id, provider_id
     )
     INSERT INTO mirrored_versions (mirrored_provider_id, provider_version_id, upstream_version, synced_at)
     SELECT brought.id, v.id, v.version, now() FROM provider_versions v JOIN brought ON brought.provider_id = v.provider_id`,
    [mirrorId, host, namespace, type],
  );
}
