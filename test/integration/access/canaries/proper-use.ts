import { ShipAudit } from '../../../../src/audit/ship-audit.service.js';
import { AuditSinks } from '../../../../src/audit/audit-sink.js';
import { SignInSecret } from '../../../../src/auth/domain/sign-in-secret.js';
import { WarnExpiringKeysJob } from '../../../../src/auth/jobs/warn-expiring-keys.job.js';
import { PlatformSecrets } from '../../../../src/platform/crypto/platform-secrets.service.js';
import { aModule, moduleProtocolPath } from '../../../support/factories/module.factory.js';
import { ACCEPTS_PAGES, formOf, hiddenFields, LoginClient } from '../../../support/login-client.js';
import { CiPublishers, exchangeForm } from '../../auth/support/ci-publishers.js';
import { CALLBACK } from '../../auth/support/sign-in.js';
import { LocalUse } from './local-use.js';
import { cookieIn } from './recording-client.js';
import { type Browser, mistyped, posted, SecretUse, SESSION } from './secret-use.js';
import { STORED_CLIENT, type Surroundings } from './surroundings.js';

const API_KEY = 10;
const NEVER = new AbortController().signal;

/** Uses every secret of the registry for what it is made for, right and wrong. */
export class ProperUse extends SecretUse {
  private admin!: Browser;
  /** A key of the administrator that may do everything. */
  key!: string;

  /** All of it, one after the other. */
  async run(): Promise<void> {
    await this.plantOwnSecrets();
    this.admin = await new LocalUse(this.app, this.client, this.canaries, this.around).run();
    await this.makeKeys();
    await this.signInWithProvider(this.around.fileProvider, 'OIDC client secret of the settings');
    await this.storeProvider();
    await this.storeStorages();
    await this.storeMirror();
    await this.signInWithProvider(this.around.storedProvider, 'stored OIDC client secret');
    await this.loginWithCli();
    await this.exchangeToken();
    await this.downloadFile();
    await this.warnOwners();
    await this.endSetup();
    await this.shipRecords();
  }

  /** What the server keeps for itself and nobody ever sends. */
  private async plantOwnSecrets(): Promise<void> {
    const { storage, publishing } = this.app.config;
    this.canaries.plant('key of file URLs', storage.signingSecret);
    // Behind the public numbers, which come first.
    this.canaries.plant('signing key', publishing.signingKey!.split('\n')[14]?.trim());
    const pepper = await this.app.get(PlatformSecrets).getOrCreate('api_key_pepper', () => Buffer.alloc(0));
    this.canaries.plant('pepper of API keys', pepper.toString('hex'));
  }

  private async makeKeys(): Promise<void> {
    this.key = await this.makeKey('ordinary API key', ['admin']);
    await this.client.expect(200, '/api/v1/apikeys', { key: this.key });
    await this.failToWarnOwners();
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

  /** One that works, and some that do not: a store refuses a wrong secret, credentials of Google are cut off. */
  private async storeStorages(): Promise<void> {
    const { bucket, region, endpoint, accessKeyId, secretAccessKey } = this.around.s3.settings;
    const secret = this.canaries.plant('stored S3 secret key', secretAccessKey);
    const storage = {
      ...{ backend_type: 's3', s3_bucket: bucket, s3_region: region, s3_endpoint: endpoint },
      ...{ s3_access_key_id: accessKeyId, s3_secret_access_key: secret, activate: false },
    };
    const path = '/api/v1/storage/configs';
    const admin = (json: object, method = 'POST') => ({ key: this.key, method, json });
    await this.client.expect(200, `${path}/test`, admin(storage));
    const { id } = (await this.client.expect(201, path, admin(storage))).json<{ id: string }>();
    const wrong = this.canaries.plant('mistyped S3 secret key', mistyped(secret));
    const wrongs = [
      { ...storage, s3_secret_access_key: wrong },
      { ...storage, s3_endpoint: `http://${wrong}.example.com:1` },
      { backend_type: 'gcs', gcs_bucket: 'b-1', gcs_credentials_json: `{"private_key":"${wrong}"` },
      {
        ...{ backend_type: 'azure', azure_account_name: 'account', azure_container_name: 'blobs' },
        ...{ azure_account_key: `-${wrong}`, azure_endpoint: 'http://127.0.0.1:1' },
      },
    ];
    for (const one of wrongs) {
      await this.client.expect(400, `${path}/test`, admin(one));
      await this.client.expect(400, path, admin(one));
      await this.client.expect(400, `${path}/${id}`, admin(one, 'PUT'));
    }
    const changed = { backend_type: 's3', s3_secret_access_key: '', s3_storage_class: 'STANDARD' };
    await this.client.expect(200, `${path}/${id}`, admin(changed, 'PUT'));
    await this.client.expect(200, path, { key: this.key });
  }

  /** Nobody listens at the upstream; everything that is refused carries the token too. */
  private async storeMirror(): Promise<void> {
    const token = this.canaries.invent('token of an upstream registry');
    const path = '/api/v1/admin/mirrors';
    const mirror = {
      name: 'canary',
      upstream_registry_url: 'https://127.0.0.1:1',
      namespace_filter: ['acme'],
    };
    const admin = (json: object, method = 'POST') => ({ key: this.key, method, json });
    const { id } = (
      await this.client.expect(201, path, admin({ ...mirror, upstream_token: token, enabled: false }))
    ).json<{ id: string }>();
    await this.client.expect(409, path, admin({ ...mirror, upstream_token: token }));
    const wrongs = [
      { upstream_token: `${token} ` },
      { upstream_token: [token] },
      { upstream_registry_url: 'http://127.0.0.1:1', upstream_token: token },
      { upstream_registry_url: `https://user:${token}@127.0.0.1:1` },
      { upstream_registry_url: `https://127.0.0.1:1/?token=${token}` },
    ];
    for (const wrong of wrongs) {
      await this.client.expect(400, path, admin({ ...mirror, name: 'wrong', ...wrong }));
      await this.client.expect(400, `${path}/${id}`, admin(wrong, 'PUT'));
    }
    await this.client.expect(200, `${path}/${id}`, admin({ upstream_token: token }, 'PUT'));
    await this.client.expect(200, `${path}/${id}/plan`, admin({}));
    await this.client.expect(202, `${path}/${id}/sync`, admin({}));
    for (const one of [path, `${path}/${id}`, `${path}/${id}/status`, `${path}/${id}/syncs`]) {
      await this.client.expect(200, one, { key: this.key });
    }
  }

  /** Twice: the first time the provider refuses, and repeats everything that it was told. */
  private async signInWithProvider(
    provider: Surroundings['fileProvider'],
    secretClass: string,
  ): Promise<void> {
    const [clientSecret] = [...this.canaries.classes.get(secretClass)!];
    provider.lies.idToken = (_claims, honest) => this.canaries.plant('id_token', honest);
    provider.lies.token = (answer) => ({ ...answer, refresh_token: this.canaries.invent('refresh token') });
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

  /** The mail server refuses the password. */
  private async failToWarnOwners(): Promise<void> {
    const { mailbox, account } = this.around;
    const [password] = [...this.canaries.classes.get('SMTP password')!];
    account.password = 'another one';
    await this.letKeysExpire();
    if (mailbox.signIns.length === 0) throw new Error('Nobody signed in at the mail server');
    account.password = password!;
  }

  private async warnOwners(): Promise<void> {
    await this.letKeysExpire();
    if (this.around.mailbox.mails.length === 0) throw new Error('No mail came');
  }

  private async letKeysExpire(): Promise<void> {
    await this.app.query(
      `UPDATE api_keys SET expires_at = date_trunc('second', now() + interval '1 hour')
       WHERE user_id IS NOT NULL AND revoked_at IS NULL`,
    );
    await this.sendMails();
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
