import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { ApiKeys } from '../../../src/auth/api-keys.service.js';
import { Sessions } from '../../../src/auth/sessions.service.js';
import { aModule } from '../../support/factories/module.factory.js';
import { aProvider } from '../../support/factories/provider.factory.js';
import { testSigner } from '../../support/build-fixtures.js';
import { mirrorRelease, UPSTREAM_HOST } from '../../support/mirrored-release.js';
import type { TestApp } from '../../support/test-app.js';
import type { Place } from './expectation.js';
import type { Organizations } from './identities.js';
import type { ObjectKind } from './policy.js';

/** The parameters that address an object in a path. */
export type Address = Readonly<Record<string, string>>;

type Side = 'own' | 'other';

const NOWHERE = '00000000-0000-4000-8000-000000000000';

/** What stands nowhere, and looks exactly like what somebody else has. */
const ABSENT: Address = {
  hostname: UPSTREAM_HOST,
  namespace: 'nobody-ns',
  name: 'nothing',
  '*': `blobs/sha256/aa/aa/${'a'.repeat(64)}/nothing.tar.gz`,
  file: 'nothing.css',
  system: 'aws',
  type: 'nothing',
  version: '1.0.0',
  os: 'linux',
  arch: 'amd64',
  kind: 'index',
  page: 'index',
  platform: 'linux_amd64',
  id: NOWHERE,
  user_id: NOWHERE,
  publisher_id: NOWHERE,
  sync_id: NOWHERE,
  key_id: NOWHERE,
};

/** One object of each kind in the own and in another organization, and new ones for requests that use them up. */
export class MatrixObjects {
  private readonly kept = new Map<string, Address>();
  private readonly publishers = new Map<string, string>();
  private count = 0;

  constructor(
    private readonly app: TestApp,
    private readonly organizations: Organizations,
  ) {}

  /** The address of the object at this place; a new object when `isFresh`. */
  async at(
    kind: ObjectKind | undefined,
    place: Place,
    isFresh: boolean,
    callerId: string | undefined,
  ): Promise<Address> {
    if (kind === undefined || place === 'absent') return ABSENT;
    if (kind === 'session' && place === 'own' && callerId !== undefined) return this.sessionOf(callerId);
    if (place === 'foreign child') return { ...(await this.child(kind)) };
    const side = place === 'own' ? 'own' : 'other';
    return isFresh ? this.make(kind, side) : this.keep(kind, side);
  }

  private async keep(kind: ObjectKind, side: Side): Promise<Address> {
    const known = this.kept.get(`${kind} ${side}`);
    if (known !== undefined) return known;
    const made = await this.make(kind, side);
    if (kind === 'module') await this.analysisOf(made);
    this.kept.set(`${kind} ${side}`, made);
    return made;
  }

  /** The own parent with a child of another one. */
  private async child(kind: ObjectKind): Promise<Address> {
    const [own, other] = [await this.keep(kind, 'own'), await this.keep(kind, 'other')];
    if (kind === 'signing key') return { ...own, id: other['id']! };
    if (kind === 'member') return { ...own, user_id: other['user_id']! };
    if (kind === 'mirror run') return { ...own, sync_id: other['sync_id']! };
    if (kind === 'mirror key') return { ...own, key_id: other['key_id']! };
    if (kind === 'trusted publisher') return { ...own, publisher_id: other['publisher_id']! };
    return { ...own, version: '9.9.9' };
  }

  private make(kind: ObjectKind, side: Side): Promise<Address> {
    const organizationId = this.organizations[side];
    switch (kind) {
      case 'file':
        return this.file(side);
      case 'module':
      case 'module version':
        return this.module(side);
      case 'provider':
      case 'provider version':
        return this.provider(side);
      case 'mirrored provider':
        return this.mirroredProvider(side);
      case 'namespace':
        return this.namespace(side);
      case 'signing key':
        return this.signingKey(side);
      case 'organization':
        return Promise.resolve({ id: organizationId });
      case 'member':
        return this.user(organizationId).then((user_id) => ({ id: organizationId, user_id }));
      case 'user':
        return this.user(organizationId).then((id) => ({ id }));
      case 'api key':
        return this.apiKey(organizationId);
      case 'session':
        return this.session(organizationId);
      case 'trusted publisher':
        return this.trustedPublisher(organizationId);
      case 'audit entry':
        return this.auditEntry(organizationId);
      case 'role template':
        return this.roleTemplate();
      case 'mirror':
        return this.mirror(organizationId);
      case 'mirror run':
        return this.mirrorRun(organizationId);
      case 'mirror key':
        return this.mirrorKey(organizationId);
      case 'mirror version':
        return this.mirrorVersion(organizationId);
      case 'mirror approval':
        return this.mirrorApproval(organizationId);
      case 'mirror policy':
        return this.mirrorPolicy(organizationId);
      case 'storage configuration':
        return this.storageConfiguration();
      case 'storage migration':
        return this.storageMigration();
    }
  }

  private async module(side: Side): Promise<Address> {
    const module = aModule({ namespace: `${side}-ns` });
    expectCreated(await this.app.publishModule(module, await this.publisher(side)));
    const { namespace, name, system, version } = module;
    return { namespace, name, system, version };
  }

  /** Files of a module are shown once it was analyzed. */
  private async analysisOf({ namespace, name }: Address): Promise<void> {
    const waiting = () =>
      this.app.query(
        `SELECT 1 FROM module_documentation d JOIN module_versions v ON v.id = d.version_id
         JOIN registry_modules m ON m.id = v.module_id
         WHERE m.namespace = $1 AND m.name = $2 AND d.requested_at IS NOT NULL`,
        [namespace, name],
      );
    await vi.waitFor(async () => expect(await waiting()).toEqual([]), { timeout: 30_000 });
  }

  /** The parameters of a signed URL that opens one file, and nothing else. */
  async signature(): Promise<string> {
    return (await this.link('own')).search.slice(1);
  }

  private async file(side: Side): Promise<Address> {
    const { pathname } = await this.link(side);
    return { '*': decodeURIComponent(pathname.slice('/v1/files/'.length)) };
  }

  private async link(side: Side): Promise<URL> {
    const { namespace, name, system, version } = await this.module(side);
    const path = `/v1/modules/${namespace}/${name}/${system}/${version}/download`;
    const key = await this.publisher(side, 'modules:read');
    const { headers } = await this.app.request(path, { lean: true, key });
    return new URL(String(headers['x-terraform-get']));
  }

  private async provider(side: Side): Promise<Address> {
    const provider = aProvider({ namespace: `${side}-ns` });
    expectCreated(await this.app.publishProvider(provider, await this.publisher(side)));
    const { namespace, type, os, arch } = provider;
    await this.app.query(
      `WITH version AS (
         SELECT v.id FROM provider_versions v JOIN registry_providers p ON p.id = v.provider_id
         WHERE p.namespace = $1 AND p.type = $2
       ), documentation AS (
         INSERT INTO provider_documentation (version_id, status) SELECT id, 'ready' FROM version
         ON CONFLICT DO NOTHING RETURNING version_id
       )
       INSERT INTO provider_documentation_pages
         (version_id, kind, name, title, subcategory, description, html, path, position)
       SELECT version_id, 'index', 'index', 'Start', '', '', '', 'index.md', 0 FROM documentation`,
      [namespace, type],
    );
    return {
      hostname: 'registry.test',
      namespace,
      type,
      os,
      arch,
      version: '1.0.0',
      kind: 'index',
      page: 'index',
    };
  }

  private async mirroredProvider(side: Side): Promise<Address> {
    const { namespace, type } = aProvider({ namespace: `${side}-ns` });
    const wanted = { namespace, type, organizationId: this.organizations[side] };
    const { version } = await mirrorRelease(this.app, wanted);
    const { hostname, platform } = ABSENT;
    return { hostname: hostname!, namespace, type, version: version.version, platform: platform! };
  }

  private async namespace(side: Side): Promise<Address> {
    const name = `${side}-claim-${(this.count += 1)}`;
    await this.app.query(
      'INSERT INTO namespace_claims (name, folded_name, organization_id) VALUES ($1, $1, $2)',
      [name, this.ownerOfNamespaces(side)],
    );
    return { namespace: name };
  }

  private async signingKey(side: Side): Promise<Address> {
    const { namespace } = await this.namespace(side);
    const { publicKey } = await testSigner();
    const [row] = await this.app.query<{ id: string }>(
      `INSERT INTO signing_keys (claim_id, fingerprint, key_id, ascii_armor)
       SELECT id, $2, $3, $4 FROM namespace_claims WHERE name = $1 RETURNING id`,
      [namespace, randomUUID(), randomUUID().slice(0, 16), publicKey],
    );
    return { namespace: namespace!, id: row!.id };
  }

  /** Somebody who is a member of nothing. */
  async person(): Promise<string> {
    const [row] = await this.app.query<{ id: string }>(
      `INSERT INTO users (email, name) VALUES ($1, 'Object') RETURNING id`,
      [`${randomUUID()}@example.com`],
    );
    return row!.id;
  }

  /** Without a role, so that everybody who may change users there covers them. */
  private async user(organizationId: string): Promise<string> {
    const userId = await this.person();
    await this.app.query('INSERT INTO memberships (organization_id, user_id) VALUES ($1, $2)', [
      organizationId,
      userId,
    ]);
    return userId;
  }

  private async apiKey(organizationId: string): Promise<Address> {
    const userId = await this.user(organizationId);
    const { id } = await this.app
      .get(ApiKeys)
      .issue({ name: 'object', scopes: ['modules:read'], organizationId, userId });
    return { id };
  }

  private async session(organizationId: string): Promise<Address> {
    return this.sessionOf(await this.user(organizationId));
  }

  private async sessionOf(userId: string): Promise<Address> {
    const { id } = await this.app.get(Sessions).start({ userId, method: 'local' });
    return { id };
  }

  private async trustedPublisher(organizationId: string): Promise<Address> {
    const [row] = await this.app.query<{ id: string }>(
      `INSERT INTO trusted_publishers (organization_id, issuer, subject_kind, claims, scopes)
       VALUES ($1, 'https://issuer.example.com', 'generic', '{"sub":"x"}', '{modules:write}') RETURNING id`,
      [organizationId],
    );
    return { id: organizationId, publisher_id: row!.id };
  }

  private async auditEntry(organizationId: string): Promise<Address> {
    const [row] = await this.app.query<{ id: string }>(
      'SELECT id FROM audit_entries WHERE organization_id = $1 LIMIT 1',
      [organizationId],
    );
    return { id: row!.id };
  }

  /** Its upstream is refused before anything is asked. */
  private async mirror(organizationId: string): Promise<Address> {
    const [row] = await this.app.query<{ id: string }>(
      `INSERT INTO mirrors (name, upstream_url, upstream_host, organization_id, is_enabled)
       VALUES ($1, 'https://127.0.0.1:9', '127.0.0.1:9', $2, false) RETURNING id`,
      [`matrix-${(this.count += 1)}`, organizationId],
    );
    return { id: row!.id };
  }

  /** One that has ended. */
  private async mirrorRun(organizationId: string): Promise<Address> {
    const { id } = await this.mirror(organizationId);
    const [row] = await this.app.query<{ id: string }>(
      `INSERT INTO mirror_syncs (mirror_id, triggered_by, status, completed_at)
       VALUES ($1, 'manual', 'success', now()) RETURNING id`,
      [id],
    );
    return { id: id!, sync_id: row!.id };
  }

  /** One that waits for a decision. */
  private async mirrorKey(organizationId: string): Promise<Address> {
    const { id } = await this.mirror(organizationId);
    const { publicKey } = await testSigner();
    const [row] = await this.app.query<{ id: string }>(
      `INSERT INTO mirror_keys (mirror_id, namespace, fingerprint, armor, state, source)
       VALUES ($1, 'acme', $2, $3, 'seen', 'upstream') RETURNING id`,
      [id, randomUUID(), publicKey],
    );
    return { id: id!, key_id: row!.id };
  }

  /** One that was seen and is not here. */
  private async mirrorVersion(organizationId: string): Promise<Address> {
    const { id } = await this.mirror(organizationId);
    await this.app.query(
      `WITH provider AS (
         INSERT INTO mirrored_providers (mirror_id, upstream_host, namespace, provider_type)
         VALUES ($1, '127.0.0.1:9', 'acme', 'widget') RETURNING id)
       INSERT INTO mirrored_versions (mirrored_provider_id, upstream_version) SELECT id, '1.0.0' FROM provider`,
      [id],
    );
    return { id: id! };
  }

  /** One that waits for a review. */
  private async mirrorApproval(organizationId: string): Promise<Address> {
    const { id } = await this.mirror(organizationId);
    const [row] = await this.app.query<{ id: string }>(
      `INSERT INTO mirror_approvals (mirror_id, namespace) VALUES ($1, 'acme') RETURNING id`,
      [id],
    );
    return { id: row!.id };
  }

  /** One that decides nothing. */
  private async mirrorPolicy(organizationId: string): Promise<Address> {
    const [row] = await this.app.query<{ id: string }>(
      `INSERT INTO mirror_policies (organization_id, name, policy_type, is_active)
       VALUES ($1, $2, 'deny', false) RETURNING id`,
      [organizationId, `matrix-${(this.count += 1)}`],
    );
    return { id: row!.id };
  }

  /** A directory that nothing is kept in. */
  private async storageConfiguration(): Promise<Address> {
    const { localBasePath } = this.app.config.storage;
    const basePath = join(localBasePath, '..', 'data', `matrix-${(this.count += 1)}`);
    const [row] = await this.app.query<{ id: string }>(
      `INSERT INTO storage_configurations (backend_type, settings) VALUES ('local', $1) RETURNING id`,
      [{ basePath, serveDirectly: true }],
    );
    return { id: row!.id };
  }

  /** One that nobody can do anything with any more. */
  private async storageMigration(): Promise<Address> {
    const [row] = await this.app.query<{ id: string }>(
      `INSERT INTO storage_migrations (source, target, state, reads_back, objects_total, bytes_total)
       VALUES ('local', 's3', 'cancelled', true, 0, 0) RETURNING id`,
    );
    return { id: row!.id };
  }

  private async roleTemplate(): Promise<Address> {
    const [row] = await this.app.query<{ id: string }>(
      `INSERT INTO role_templates (name, display_name, scopes) VALUES ($1, 'Custom', '{modules:read}') RETURNING id`,
      [`custom-${(this.count += 1)}`],
    );
    return { id: row!.id };
  }

  private async publisher(side: Side, scopes = 'modules:write,providers:write'): Promise<string> {
    const known = this.publishers.get(`${side} ${scopes}`);
    if (known !== undefined) return known;
    const key = await this.app.issueKey(scopes, this.ownerOfNamespaces(side));
    this.publishers.set(`${side} ${scopes}`, key);
    return key;
  }

  private ownerOfNamespaces(side: Side): string {
    return this.app.config.auth.multiTenancyEnabled ? this.organizations[side] : this.organizations.default;
  }
}

function expectCreated({ status, body }: { status: number; body: Buffer }): void {
  if (status !== 201) throw new Error(`Publishing answered ${status}: ${body.toString()}`);
}
