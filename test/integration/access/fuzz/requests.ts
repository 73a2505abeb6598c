import { randomInt, randomUUID } from 'node:crypto';
import type { InjectOptions } from 'fastify';
import { formOf, LoginClient } from '../../../support/login-client.js';
import type { TestApp } from '../../../support/test-app.js';
import { CI_CASES } from '../../auth/support/ci-claims.js';
import type { Identity } from '../expectation.js';
import type { Organizations } from '../identities.js';
import type { MatrixObjects } from '../objects.js';
import type { PolicyRow } from '../policy.js';
import { requestOf } from '../requests.js';

type Base = { readonly payload: object | string; readonly type: string };

const json = (payload: object): Base => ({ payload, type: 'application/json' });
const form = (fields: Record<string, string>): Base => ({
  payload: formOf(fields).body as string,
  type: 'application/x-www-form-urlencoded',
});
const CLI = new LoginClient();
const [{ fixed: CLAIMS }] = CI_CASES as [(typeof CI_CASES)[number]];
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const PROVIDER = {
  provider_type: 'generic_oidc',
  issuer_url: 'http://127.0.0.1:1',
  client_id: 'registry',
  client_secret: 'test-only-secret-of-nobody',
  redirect_url: 'http://registry.test/api/v1/auth/callback',
};

/** What the bodies need that must exist. */
export interface Known {
  readonly organizations: Organizations;
  /** Somebody with a password, who is a member nowhere. */
  readonly person: { readonly id: string; readonly email: string; readonly password: string };
  readonly publicKey: string;
}

/** Bodies that the routes accept, where those of the access matrix only get past the checks of rights. */
const MORE_BODIES: Readonly<Record<string, (known: Known) => Base>> = {
  'POST /api/v1/auth/local/login': ({ person: { email, password } }) => json({ email, password }),
  'POST /sign-in': ({ person: { email, password } }) => form({ email, password }),
  'POST /change-password': () => form({ current_password: 'x', new_password: 'not a password' }),
  'POST /api/v1/auth/token-exchange': () => form({ grant_type: EXCHANGE, subject_token: 'a.b.c' }),
  'POST /api/v1/oauth/token': () => form({ grant_type: 'authorization_code', code: 'x', code_verifier: 'x' }),
  'POST /api/v1/oauth/authorize': () => form({ ...CLI.parameters, decision: 'allow', csrf_token: 'x' }),
  'POST /api/v1/setup/admin': () =>
    json({ email: 'setup@example.com', name: 'Setup', password: 'a tree house by the sea' }),
  'POST /api/v1/setup/oidc': () => json(PROVIDER),
  'POST /api/v1/setup/oidc/test': () => json(PROVIDER),
  'POST /api/v1/setup/storage': () => json({ backend_type: 'local' }),
  'POST /api/v1/setup/storage/test': () => json({ backend_type: 'local' }),
  'POST /api/v1/organizations/:id/trusted-publishers': () =>
    json({
      issuer: 'https://issuer.example.com',
      subject_kind: 'github',
      claims: { ...CLAIMS, repository_id: String(randomInt(1_000_000_000)) },
      namespaces: [`fuzz-${randomUUID()}`],
      scopes: ['modules:write'],
    }),
  'PUT /api/v1/namespaces/:namespace': ({ organizations }) => json({ organization_id: organizations.other }),
  'POST /api/v1/namespaces/:namespace/signing-keys': ({ publicKey }) => json({ ascii_armor: publicKey }),
};

/** Valid requests for every route, at objects of the own organization. */
export class ValidRequests {
  constructor(
    private readonly app: TestApp,
    private readonly objects: MatrixObjects,
    private readonly known: Known,
  ) {}

  /** A request that does what the route is for; `isFresh`: at an object that nobody used before. */
  async make(
    route: string,
    row: PolicyRow,
    { headers, userId }: Pick<Identity, 'headers' | 'userId'>,
    isFresh: boolean,
  ): Promise<InjectOptions> {
    const address = await this.objects.at(row.object, 'own', isFresh, userId);
    const facts = {
      address,
      place: 'own',
      organizations: this.known.organizations,
      spareUserId: this.known.person.id,
      unique: `fuzz-${randomUUID()}`,
    } as const;
    const isSetup = route.includes('/setup/') && headers['authorization'] === undefined;
    const token: Record<string, string> = isSetup
      ? { 'x-setup-token': this.app.server.setupToken ?? '' }
      : {};
    const request = requestOf(route, facts, { headers: { ...headers, ...token } });
    const more = MORE_BODIES[route]?.(this.known);
    if (more === undefined) return request;
    return {
      ...request,
      payload: more.payload,
      headers: { ...(request.headers as object), 'content-type': more.type },
    };
  }
}
