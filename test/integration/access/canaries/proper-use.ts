import { ShipAudit } from '../../../../src/audit/ship-audit.service.js';
import { AuditSinks } from '../../../../src/audit/audit-sink.js';
import { SignInSecret } from '../../../../src/auth/domain/sign-in-secret.js';
import { WarnExpiringKeysJob } from '../../../../src/auth/jobs/warn-expiring-keys.job.js';
import { aModule, moduleProtocolPath } from '../../../support/factories/module.factory.js';
import type { Answer } from '../../../support/http-request.js';
import { ACCEPTS_PAGES, formOf, hiddenFields, LoginClient } from '../../../support/login-client.js';
import type { TestApp } from '../../../support/test-app.js';
import { CiPublishers, exchangeForm } from '../../auth/support/ci-publishers.js';
import { CALLBACK } from '../../auth/support/sign-in.js';
import type { Canaries } from './canaries.js';
import { cookieIn, type RecordedRequest, RecordingClient } from './recording-client.js';
import { STORED_CLIENT, type Surroundings } from './surroundings.js';

const ADMIN = 'admin@example.com';
const API_KEY = 10;
const HANDLE = 'tfrs_'.length;
const SETUP_TOKEN = 'tfr_setup_'.length;
const SESSION = ['session secret', 'session handle', 'CSRF value', 'access token'];
const NEVER = new AbortController().signal;

/** What a browser sends along with every request. */
type Browser = Readonly<Record<string, string>>;

/** Uses every secret of the registry for what it is made for, right and wrong, and plants it as a canary. */
export class ProperUse {
  private admin!: Browser;
  private adminId!: string;
  /** A key of the administrator that may do everything. */
  key!: string;

  constructor(
    private readonly app: TestApp,
    private readonly client: RecordingClient,
    private readonly canaries: Canaries,
    private readonly around: Surroundings,
  ) {}

  /** All of it, one after the other. */
  async run(): Promise<void> {
    await this.setUp();
    await this.signInLocally();
    await this.makeKeys();
    await this.signInWithProvider(this.around.fileProvider, 'OIDC client secret of the settings');
    await this.storeProvider();
    await this.signInWithProvider(this.around.storedProvider, 'stored OIDC client secret');
    await this.loginWithCli();
    await this.exchangeToken();
    await this.downloadFile();
    await this.warnOwners();
    await this.endSetup();
    await this.shipRecords();
  }

  private async setUp(): Promise<void> {
    const token = this.canaries.plant('setup token', this.app.server.setupToken, SETUP_TOKEN);
    const wrong = this.canaries.plant('wrong setup token', mistyped(token), SETUP_TOKEN);
    const validate = '/api/v1/setup/validate-token';
    await this.client.expect(200, validate, posted({}, { authorization: `SetupToken ${token}` }));
    await this.client.expect(200, validate, posted({}, { 'x-setup-token': token }));
    await this.client.expect(401, validate, posted({}, { 'x-setup-token': wrong }));
    await this.client.expect(401, validate, posted({}, { authorization: `SetupToken ${wrong}` }));
    await this.client.expect(401, validate, posted({}, { authorization: `Bearer ${token}` }));
    const password = this.canaries.invent('local password');
    await this.client.expect(200, '/api/v1/setup/admin', this.withSetupToken({ email: ADMIN, password }));
    await this.client.expect(400, '/api/v1/setup/admin', this.withSetupToken({ email: password, password }));
  }

  private withSetupToken(json: object): RecordedRequest {
    return posted(json, { authorization: `SetupToken ${this.app.server.setupToken}` });
  }

  private async signInLocally(): Promise<void> {
    const [password] = [...this.canaries.classes.get('local password')!];
    const wrong = this.canaries.invent('wrong local password');
    await this.client.expect(401, '/api/v1/auth/local/login', posted({ email: ADMIN, password: wrong }));
    await this.client.expect(401, '/api/v1/auth/local/login', posted({ email: wrong, password: wrong }));
    await this.client.expect(401, '/sign-in', formOf({ email: ADMIN, password: wrong }));
    this.admin = await this.startSession(ADMIN, password!);
    await this.client.expect(303, '/sign-in', {
      ...formOf({ email: ADMIN, password: password! }),
      gives: SESSION,
    });
    const me = await this.client.expect(200, '/api/v1/auth/me', { headers: this.admin });
    this.adminId = me.json<{ user: { id: string } }>().user.id;
    const { authorization: _handle, ...cookies } = this.admin;
    await this.client.expect(200, '/api/v1/auth/refresh', {
      method: 'POST',
      headers: cookies,
      gives: SESSION,
    });
    await this.client.expect(403, '/api/v1/auth/refresh', {
      method: 'POST',
      headers: { cookie: this.admin['cookie']!, 'x-csrf-token': mistyped(this.admin['x-csrf-token']!) },
    });
    await this.changeTemporaryPassword();
  }

  /** Somebody gets a temporary password, and must replace it. */
  private async changeTemporaryPassword(): Promise<void> {
    const person = { email: 'temporary@example.com', name: 'Temporary' };
    const made = await this.client.expect(201, '/api/v1/users', posted(person, this.admin));
    const { id } = made.json<{ user: { id: string } }>().user ?? made.json<{ id: string }>();
    const reset = await this.client.expect(200, `/api/v1/users/${id}/password-reset`, {
      ...posted({}, this.admin),
      gives: ['temporary password'],
    });
    const temporary = this.canaries.plant(
      'temporary password',
      reset.json<{ temporary_password: string }>().temporary_password,
    );
    const limited = await this.startSession(person.email, temporary);
    const next = this.canaries.invent('password in a forced change');
    const change = (current_password: string, new_password: string) =>
      posted({ current_password, new_password }, limited);
    const path = '/api/v1/auth/local/password';
    await this.client.expect(403, '/api/v1/users/me/memberships', { headers: limited });
    await this.client.expect(400, path, change(next, temporary));
    await this.client.expect(400, path, change(temporary, temporary));
    const { 'x-csrf-token': csrf_token = '', ...cookies } = limited;
    const form = formOf({ csrf_token, current_password: next, new_password: temporary });
    await this.client.expect(400, '/change-password', {
      ...form,
      headers: { ...form.headers, ...cookies },
      gives: ['CSRF value'],
    });
    const changed = await this.client.expect(204, path, { ...change(temporary, next), gives: SESSION });
    this.plantSession(changed);
    await this.client.expect(401, '/api/v1/auth/local/login', posted({ ...person, password: temporary }));
  }

  private async startSession(email: string, password: string): Promise<Browser> {
    const answer = await this.client.expect(200, '/api/v1/auth/local/login', {
      ...posted({ email, password }),
      gives: SESSION,
    });
    const { token } = answer.json<{ token: string }>();
    this.canaries.plant('session handle', token, HANDLE);
    return { ...this.plantSession(answer), authorization: `Bearer ${token}` };
  }

  private plantSession(answer: Answer): Record<string, string> {
    const secret = this.canaries.plant('session secret', cookieIn(answer, 'tfr_session'));
    const csrf = this.canaries.plant('CSRF value', cookieIn(answer, 'tfr_csrf'));
    return { cookie: `tfr_session=${secret}; tfr_csrf=${csrf}`, 'x-csrf-token': csrf };
  }

  private async makeKeys(): Promise<void> {
    this.key = await this.makeKey('ordinary API key', ['admin']);
    await this.client.expect(200, '/api/v1/apikeys', { key: this.key });
    const revoked = await this.makeKey('revoked API key', ['modules:read']);
    const rotated = await this.makeKey('rotated API key', ['modules:read']);
    const list = await this.client.expect(200, '/api/v1/apikeys', { headers: this.admin });
    const { keys } = list.json<{ keys: { id: string; name: string }[] }>();
    const idOf = (name: string) => keys.find((one) => one.name === name)!.id;
    const rotation = await this.client.expect(200, `/api/v1/apikeys/${idOf('rotated API key')}/rotate`, {
      ...posted({ grace_period_hours: 1 }, this.admin),
      gives: ['new API key of a rotation'],
    });
    const { new_key: next } = rotation.json<{ new_key: { key: string } }>();
    this.canaries.plant('new API key of a rotation', next.key, API_KEY);
    await this.client.expect(200, `/api/v1/apikeys/${idOf('revoked API key')}`, {
      method: 'DELETE',
      headers: this.admin,
    });
    const wrong = this.canaries.plant('mistyped API key', mistyped(this.key), API_KEY);
    for (const key of [rotated, next.key]) await this.client.expect(200, '/api/v1/apikeys', { key });
    for (const key of [revoked, wrong]) await this.client.expect(401, '/api/v1/apikeys', { key });
  }

  private async makeKey(name: string, scopes: string[]): Promise<string> {
    const answer = await this.client.expect(201, '/api/v1/apikeys', {
      ...posted({ name, scopes }, this.admin),
      gives: [name],
    });
    return this.canaries.plant(name, answer.json<{ key: string }>().key, API_KEY);
  }

  private async storeProvider(): Promise<void> {
    const provider = {
      provider_type: 'generic_oidc',
      issuer_url: this.around.storedProvider.issuer,
      client_id: STORED_CLIENT,
      client_secret: this.canaries.invent('stored OIDC client secret'),
      redirect_url: CALLBACK,
    };
    await this.client.expect(200, '/api/v1/setup/oidc/test', this.withSetupToken(provider));
    await this.client.expect(200, '/api/v1/setup/oidc', this.withSetupToken(provider));
    const wrong = { ...provider, issuer_url: `${provider.issuer_url}/nowhere` };
    await this.client.expect(200, '/api/v1/setup/oidc/test', this.withSetupToken(wrong));
    await this.client.expect(400, '/api/v1/setup/oidc', this.withSetupToken({ ...provider, scopes: 'all' }));
    await this.client.expect(200, '/api/v1/admin/oidc/config', { key: this.key });
  }

  /** Twice: the first time the provider refuses, and repeats everything that it was told. */
  private async signInWithProvider(
    provider: Surroundings['fileProvider'],
    secretClass: string,
  ): Promise<void> {
    const [clientSecret] = [...this.canaries.classes.get(secretClass)!];
    provider.lies.idToken = (_claims, honest) => this.canaries.plant('id_token', honest);
    const refused = await this.startSignIn(provider);
    const repeated = { error: 'invalid_client', error_description: clientSecret, ...refused.secrets };
    provider.lies.answers = {
      token: (response) =>
        void response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify(repeated)),
    };
    const callback = (query: string, cookie: string) =>
      this.client.expect(302, `/api/v1/auth/callback?${query}`, {
        headers: { cookie: `tfr_login=${cookie}` },
        gives: SESSION,
      });
    await callback(refused.query, refused.cookie);
    provider.lies.answers = {};
    const { query, cookie } = await this.startSignIn(provider);
    await callback(query.replace(/state=[^&]+/, `state=${refused.secrets.state}`), refused.cookie);
    const arrived = await callback(query, cookie);
    const { searchParams } = new URL(String(arrived.headers.location));
    const token = this.canaries.plant('access token', searchParams.get('token') ?? undefined);
    const session = this.plantSession(arrived);
    await callback(query, cookie);
    await this.client.expect(200, '/api/v1/auth/me', { key: token });
    await this.client.expect(401, '/api/v1/auth/me', { key: token.slice(0, -4) });
    await this.client.expect(302, `/auth/callback?token=${token}`, { headers: session });
    await this.client.expect(302, '/api/v1/auth/logout', {
      headers: session,
      gives: ['id_token', 'nonce of a sign-in'],
    });
    await this.client.expect(401, '/api/v1/auth/me', { key: token });
  }

  /** Goes to the provider and back, up to the callback. */
  private async startSignIn(provider: Surroundings['fileProvider']) {
    const begun = await this.client.expect(302, '/api/v1/auth/login', {
      gives: ['state of a sign-in', 'cookie of a sign-in', 'nonce of a sign-in'],
    });
    const answer = provider.authorize(String(begun.headers.location));
    const cookie = this.canaries.plant('cookie of a sign-in', cookieIn(begun, 'tfr_login'));
    const state = this.canaries.plant('state of a sign-in', answer.get('state') ?? undefined);
    const code = this.canaries.plant('authorization code', answer.get('code') ?? undefined);
    const secret = SignInSecret.tryParse(cookie)!;
    const verifier = this.canaries.plant('PKCE verifier', secret.codeVerifierFor(state));
    this.canaries.plant('nonce of a sign-in', secret.nonceFor(state));
    return { query: answer.toString(), cookie, secrets: { state, code, verifier } };
  }

  private async loginWithCli(): Promise<void> {
    const cli = new LoginClient();
    this.canaries.plant('PKCE verifier of the CLI', cli.verifier);
    const browser = { ...ACCEPTS_PAGES, cookie: this.admin['cookie']! };
    const page = await this.client.expect(200, cli.authorizePath(), {
      headers: browser,
      gives: ['CSRF value'],
    });
    const form = formOf({ ...hiddenFields(page.body.toString()), decision: 'allow' });
    const allowed = await this.client.expect(302, '/api/v1/oauth/authorize', {
      ...form,
      headers: { ...form.headers, ...browser },
      gives: ['terraform login code'],
    });
    const { searchParams } = new URL(String(allowed.headers.location));
    const code = this.canaries.plant('terraform login code', searchParams.get('code') ?? undefined);
    const redeem = (given: string, changes = {}, gives: string[] = []) =>
      cli.redeem((path, options) => this.client.send(path, { ...options, gives }), given, changes);
    await redeem(mistyped(code));
    const answer = await redeem(code, {}, ['terraform login token']);
    const { access_token: token } = answer.json<{ access_token: string }>();
    this.canaries.plant('terraform login token', token, API_KEY);
    await this.client.expect(200, '/api/v1/apikeys', { key: token });
    await redeem(code);
    await this.client.expect(401, '/api/v1/apikeys', { key: token });
  }

  private async exchangeToken(): Promise<void> {
    const publishers = await CiPublishers.of(this.app, this.around.pipelines);
    const { sign } = await publishers.add();
    const path = '/api/v1/auth/token-exchange';
    const token = this.canaries.plant('CI identity token', await sign());
    const stranger = this.canaries.plant('refused CI identity token', await sign({ repository_id: '1' }));
    const answer = await this.client.expect(200, path, { ...exchangeForm(token), gives: ['exchanged key'] });
    const { access_token: key } = answer.json<{ access_token: string }>();
    this.canaries.plant('exchanged key', key, API_KEY);
    await this.client.expect(200, '/api/v1/users/me/memberships', { key });
    for (const refused of [token, stranger, token.slice(0, -4)]) {
      await this.client.expect(400, path, exchangeForm(refused));
    }
  }

  private async downloadFile(): Promise<void> {
    const module = aModule();
    const published = await this.app.publishModule(module);
    if (published.status !== 201) throw new Error(`Publishing answered ${published.status}`);
    const download = await this.client.expect(
      204,
      `${moduleProtocolPath(module)}/${module.version}/download`,
      { key: this.key, lean: true, gives: ['signature of a file URL'] },
    );
    const link = new URL(String(download.headers['x-terraform-get']));
    const { pathname, search } = link;
    const signature = link.searchParams.get('signature') ?? undefined;
    this.canaries.plant('signature of a file URL', signature);
    await this.client.expect(200, `${pathname}${search}`);
    await this.client.expect(403, `${pathname}${search.replace(/expires=\d/, 'expires=9')}`);
    await this.client.expect(403, `${pathname}${search.replace(signature!, mistyped(signature!))}`);
    await this.client.expect(403, `${pathname}x${search}`);
  }

  /** First the mail server refuses the password, and repeats it. */
  private async warnOwners(): Promise<void> {
    const { mailbox, account } = this.around;
    await this.app.query(
      `UPDATE api_keys SET expires_at = date_trunc('second', now() + interval '1 hour')
       WHERE user_id = $1 AND revoked_at IS NULL`,
      [this.adminId],
    );
    await this.sendMails();
    if (mailbox.signIns.length === 0) throw new Error('Nobody signed in at the mail server');
    account.password = [...this.canaries.classes.get('SMTP password')!][0]!;
    await this.sendMails();
    if (mailbox.mails.length === 0) throw new Error('No mail came');
  }

  /** Sends the mails that are due. */
  async sendMails(): Promise<void> {
    await this.app.get(WarnExpiringKeysJob).run({}, NEVER);
  }

  private async endSetup(): Promise<void> {
    await this.client.expect(200, '/api/v1/setup/complete', this.withSetupToken({}));
    await this.client.expect(403, '/api/v1/setup/validate-token', this.withSetupToken({}));
  }

  /** First the receiver refuses, and repeats its header. */
  async shipRecords(): Promise<void> {
    const { webhook } = this.around;
    const [sink] = this.app.get(AuditSinks).list;
    const shipping = this.app.get(ShipAudit);
    webhook.refuses = true;
    await shipping.runOne(sink!, NEVER);
    webhook.refuses = false;
    await shipping.runOne(sink!, NEVER);
    const [header] = [...this.canaries.classes.get('webhook header')!];
    if (!webhook.authorizations.includes(`Bearer ${header}`)) throw new Error('The header did not arrive');
  }
}

function posted(json: object, headers: Record<string, string> = {}): RecordedRequest {
  return { method: 'POST', json, headers };
}

/** The same with another last character, or the same form without being the same. */
function mistyped(secret: string): string {
  return `${secret.slice(0, -1)}${secret.endsWith('A') ? 'Q' : 'A'}`;
}
