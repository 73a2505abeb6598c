import { randomUUID } from 'node:crypto';
import { ApiKeys } from '../../../../../../../src/auth/api-keys.service.js';
import { Organizations } from '../../../../../../../src/orgs/organizations.service.js';
import type { Answer } from '../../../../../../support/http-request.js';
import type { TestApp } from '../../../../../../support/test-app.js';

/** A person with a key that names everything, so that it may do whatever the person may. */
export interface Person {
  readonly id: string;
  readonly email: string;
  /** Acts in the organization of the first role. */
  readonly key: string;
  readonly keyId: string;
}

/** The id of the default organization. */
export async function defaultOrganization(app: TestApp): Promise<string> {
  return (await app.get(Organizations).getDefault()).id;
}

/** Stores a person with these roles, by organization id; `null` is a membership without a template. */
export async function addPerson(
  app: TestApp,
  roles: Readonly<Record<string, string | null>>,
): Promise<Person> {
  const email = `${randomUUID()}@example.com`;
  const [user] = await app.query<{ id: string }>(
    `INSERT INTO users (email, name) VALUES ($1, 'Ada') RETURNING id`,
    [email],
  );
  for (const [organizationId, role] of Object.entries(roles)) {
    await app.query(
      `INSERT INTO memberships (organization_id, user_id, role_template_id)
       VALUES ($1, $2, (SELECT id FROM role_templates WHERE name = $3))`,
      [organizationId, user!.id, role],
    );
  }
  const { key, id: keyId } = await app.get(ApiKeys).issue({
    name: 'everything',
    scopes: ['admin'],
    userId: user!.id,
    organizationId: Object.keys(roles)[0],
  });
  return { id: user!.id, email, key, keyId };
}

/** Asks for a key. */
export function createKey(app: TestApp, key: string, body: object): Promise<Answer> {
  return app.request('/api/v1/apikeys', {
    method: 'POST',
    key,
    json: { name: 'ci', scopes: ['modules:read'], ...body },
  });
}

/** Whether a key is accepted. */
export async function isAccepted(app: TestApp, key: string): Promise<boolean> {
  return (await app.request('/api/v1/apikeys', { key })).status === 200;
}

/** So many hours from now, as a request says it. */
export const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
