import { randomUUID } from 'node:crypto';
import { Sessions } from '../../../../src/auth/sessions.service.js';
import type { Answer } from '../../../support/http-request.js';
import type { AppRequest, TestApp } from '../../../support/test-app.js';

/** Requests of somebody who is signed in. */
export type Signed = (path: string, options?: AppRequest) => Promise<Answer>;

/** People of a test application: stored without the interface, signed in without a password. */
export class People {
  constructor(private readonly app: TestApp) {}

  /** The id of the default organization. */
  async defaultOrganization(): Promise<string> {
    const [row] = await this.app.query<{ id: string }>('SELECT id FROM organizations WHERE is_default');
    return row!.id;
  }

  /** Stores somebody who is a member of organizations under the named templates (`null`: without one). */
  async add(
    roles: Readonly<Record<string, string | null>> = {},
    { email = `${randomUUID()}@example.com`, name = 'Ada' }: { email?: string; name?: string } = {},
  ): Promise<string> {
    const [row] = await this.app.query<{ id: string }>(
      'INSERT INTO users (email, name) VALUES ($1, $2) RETURNING id',
      [email, name],
    );
    for (const [organizationId, role] of Object.entries(roles))
      await this.join(row!.id, organizationId, role);
    return row!.id;
  }

  /** Makes somebody a member of one more organization. */
  async join(userId: string, organizationId: string, role: string | null): Promise<void> {
    await this.app.query(
      `INSERT INTO memberships (organization_id, user_id, role_template_id)
       VALUES ($1, $2, (SELECT id FROM role_templates WHERE name = $3))`,
      [organizationId, userId, role],
    );
  }

  /** Stores a role template; gives its name. */
  async addTemplate(scopes: readonly string[]): Promise<string> {
    const name = `custom-${randomUUID()}`;
    await this.app.query('INSERT INTO role_templates (name, display_name, scopes) VALUES ($1, $1, $2)', [
      name,
      scopes,
    ]);
    return name;
  }

  /** Signs somebody in; the requests carry cookie and handle. */
  async signIn(userId: string, app: TestApp = this.app): Promise<Signed> {
    const { secret, handle } = await app.get(Sessions).start({ userId, method: 'local' });
    const cookie = `tfr_session=${secret}`;
    return (path, { headers, ...options } = {}) =>
      app.request(path, {
        ...options,
        headers: { cookie, authorization: `Bearer ${handle}`, ...headers },
      });
  }
}
