import { randomUUID } from 'node:crypto';
import {
  type NewSessionInput,
  Sessions,
  type StartedSession,
} from '../../../../src/auth/sessions.service.js';
import type { Answer } from '../../../support/http-request.js';
import type { AppRequest, TestApp } from '../../../support/test-app.js';

/** How a browser sends a request; without `proof` with the cookie alone. */
export interface BrowserRequest extends AppRequest {
  readonly proof?: 'handle' | 'csrf';
  /** Another process than the one it signed in at. */
  readonly at?: TestApp;
}

/** A browser that is signed in: it sends the cookies of its session with every request. */
export class Browser {
  private constructor(
    private readonly app: TestApp,
    readonly userId: string,
    readonly session: StartedSession,
  ) {}

  static async signIn(
    app: TestApp,
    userId: string,
    more: Partial<Omit<NewSessionInput, 'userId'>> = {},
  ): Promise<Browser> {
    const session = await app.get(Sessions).start({ userId, method: 'local', ...more });
    return new Browser(app, userId, session);
  }

  /** The `Cookie` header. */
  get cookie(): string {
    return `tfr_session=${this.session.secret}; tfr_csrf=${this.session.csrfToken}`;
  }

  request(path: string, { proof, at = this.app, ...options }: BrowserRequest = {}): Promise<Answer> {
    const headers = {
      cookie: this.cookie,
      ...(proof === 'handle' && { authorization: `Bearer ${this.session.handle}` }),
      ...(proof === 'csrf' && { 'x-csrf-token': this.session.csrfToken }),
      ...options.headers,
    };
    return at.request(path, { ...options, headers });
  }

  /** Whether it is still signed in, as this process sees it. */
  async isSignedIn(at: TestApp = this.app): Promise<boolean> {
    const { status } = await this.request('/api/v1/auth/me', { at });
    if (status !== 200 && status !== 401) throw new Error(`me answered ${status}`);
    return status === 200;
  }
}

/** Stores a user who is a member of organizations, by id, under the named role templates; gives the id. */
export async function addPerson(app: TestApp, roles: Record<string, string | null> = {}): Promise<string> {
  const [row] = await app.query<{ id: string }>(
    `INSERT INTO users (email, name) VALUES ($1, 'Ada') RETURNING id`,
    [`${randomUUID()}@example.com`],
  );
  for (const [organizationId, role] of Object.entries(roles)) {
    await app.query(
      `INSERT INTO memberships (organization_id, user_id, role_template_id)
       VALUES ($1, $2, (SELECT id FROM role_templates WHERE name = $3))`,
      [organizationId, row!.id, role],
    );
  }
  return row!.id;
}

/** The id of the default organization. */
export async function defaultOrganizationOf(app: TestApp): Promise<string> {
  const [row] = await app.query<{ id: string }>('SELECT id FROM organizations WHERE is_default');
  return row!.id;
}

/** The attributes of the cookies that an answer sets, by name; the value under the key ''. */
export function cookiesOf(answer: Answer): Map<string, Map<string, string>> {
  const set = answer.headers['set-cookie'] ?? [];
  return new Map(
    set.map((line) => {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const [name = '', value = ''] = splitOnce(pair);
      const known = attributes
        .map((one) => splitOnce(one))
        .map(([key, text]) => [key!.toLowerCase(), text!] as const);
      return [name, new Map([['', value], ...known])];
    }),
  );
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf('=');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
