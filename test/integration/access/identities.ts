import { randomUUID } from 'node:crypto';
import { SCOPES } from '../../../src/access/scope.js';
import { ApiKeys } from '../../../src/auth/api-keys.service.js';
import { Sessions } from '../../../src/auth/sessions.service.js';
import { pipelineToken } from '../../support/factories/pipeline-token.factory.js';
import type { TestApp } from '../../support/test-app.js';
import type { Identity, OrganizationName } from './expectation.js';
import { ROLES } from './roles.js';

/** The ids of the organizations of the matrix. */
export type Organizations = Readonly<Record<OrganizationName, string>>;

/** Everybody who calls in the matrix: nobody, every role, every single scope, and what is no longer good. */
export async function identitiesOf(
  app: TestApp,
  organizations: Organizations,
  signature: string,
): Promise<Identity[]> {
  const maker = new IdentityMaker(app, organizations);
  const ownOwner = await maker.addUser({ own: 'owner' });
  const administrator = await maker.addUser({ default: 'admin' });
  const disabled = await maker.addUser({ own: 'owner' });
  const identities: Identity[] = [
    { name: 'anonymous', credential: 'none', headers: {}, scopes: {} },
    { name: 'garbage', credential: 'unusable', headers: bearer('garbage'), scopes: {} },
    {
      name: 'signed URL of another file',
      credential: 'signed URL',
      headers: {},
      query: signature,
      scopes: {},
    },
    {
      name: 'setup token',
      credential: 'setup token',
      headers: { authorization: `SetupToken ${app.server.setupToken}` },
      scopes: {},
    },
    await maker.pipeline(),
  ];
  for (const role of Object.keys(ROLES)) {
    const userId = await maker.addUser({ own: role });
    const identity = await maker.session(`${role} of the organization`, userId, { own: ROLES[role]! });
    identities.push({ ...identity, isOwner: role === 'owner' });
  }
  identities.push(
    await maker.session('platform administrator', administrator, { default: ['admin'] }),
    await maker.session('viewer of the default organization', await maker.addUser({ default: 'viewer' }), {
      default: ROLES['viewer']!,
    }),
    await maker.session('user without membership', await maker.addUser({}), {}),
  );
  for (const scope of SCOPES) {
    const scopes = { own: [scope] };
    const key = await maker.key(`key with ${scope}`, ownOwner, 'own', scopes);
    identities.push({ ...key, isOwner: true, owner: { own: ['admin'] } });
  }
  identities.push(
    await maker.key('key of the platform with admin', administrator, 'default', { default: ['admin'] }),
    { ...(await maker.key('key of nobody', null, 'own', { own: ['admin'] })) },
    await maker.unusable(
      'expired key',
      ownOwner,
      `UPDATE api_keys SET expires_at = now() - interval '1 day'`,
    ),
    await maker.unusable('revoked key', ownOwner, 'UPDATE api_keys SET revoked_at = now()'),
    { ...(await maker.key('key of a disabled user', disabled, 'own', {})), credential: 'unusable' },
    { ...(await maker.session('disabled user', disabled, {})), credential: 'unusable' },
  );
  await app.query('UPDATE users SET is_active = false WHERE id = $1', [disabled]);
  return identities;
}

class IdentityMaker {
  constructor(
    private readonly app: TestApp,
    private readonly organizations: Organizations,
  ) {}

  async addUser(roles: Partial<Record<OrganizationName, string>>): Promise<string> {
    const [row] = await this.app.query<{ id: string }>(
      `INSERT INTO users (email, name) VALUES ($1, 'Somebody') RETURNING id`,
      [`${randomUUID()}@example.com`],
    );
    for (const [organization, role] of Object.entries(roles)) {
      await this.app.query(
        `INSERT INTO memberships (organization_id, user_id, role_template_id)
         VALUES ($1, $2, (SELECT id FROM role_templates WHERE name = $3))`,
        [this.organizations[organization as OrganizationName], row!.id, role],
      );
    }
    return row!.id;
  }

  async session(name: string, userId: string, scopes: Identity['scopes']): Promise<Identity> {
    const renewed = async () => {
      const { secret, handle } = await this.app.get(Sessions).start({ userId, method: 'local' });
      return { ...bearer(handle), cookie: `tfr_session=${secret}` };
    };
    return { name, credential: 'user', headers: await renewed(), renewed, userId, scopes };
  }

  async key(
    name: string,
    userId: string | null,
    organization: OrganizationName,
    scopes: Identity['scopes'],
  ): Promise<Identity> {
    const { key } = await this.app.get(ApiKeys).issue({
      name,
      scopes: scopes[organization] ?? ['admin'],
      organizationId: this.organizations[organization],
      userId: userId ?? undefined,
    });
    return { name, credential: 'key', headers: bearer(key), scopes, ...(userId !== null && { userId }) };
  }

  /** A token that a pipeline got for its identity, for one namespace. */
  async pipeline(): Promise<Identity> {
    const { own } = this.organizations;
    const given = await pipelineToken((statement, values) => this.app.query(statement, values), own);
    const scopes = ['modules:write', 'providers:write'] as const;
    const { key } = await this.app
      .get(ApiKeys)
      .issueExchanged({ ...given, scopes: [...scopes], namespaces: ['own-ns'] });
    return { name: 'pipeline', credential: 'pipeline', headers: bearer(key), scopes: { own: scopes } };
  }

  async unusable(name: string, userId: string, change: string): Promise<Identity> {
    const identity = await this.key(name, userId, 'own', { own: ['admin'] });
    await this.app.query(`${change} WHERE name = $1`, [name]);
    return { ...identity, credential: 'unusable', scopes: {} };
  }
}

function bearer(credential: string): Record<string, string> {
  return { authorization: `Bearer ${credential}` };
}
