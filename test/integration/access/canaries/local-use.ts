import type { Answer } from '../../../support/http-request.js';
import { formOf } from '../../../support/login-client.js';
import { type Browser, mistyped, posted, SecretUse, SESSION } from './secret-use.js';

const ADMIN = 'admin@example.com';
const HANDLE = 'tfrs_'.length;
const SETUP_TOKEN = 'tfr_setup_'.length;

/** Sets the registry up, and signs in with passwords. */
export class LocalUse extends SecretUse {
  /** Gives the session of the administrator. */
  async run(): Promise<Browser> {
    await this.setUp();
    const admin = await this.signInLocally();
    await this.changeTemporaryPassword(admin);
    return admin;
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

  private async signInLocally(): Promise<Browser> {
    const [password] = [...this.canaries.classes.get('local password')!];
    const wrong = this.canaries.invent('wrong local password');
    await this.client.expect(401, '/api/v1/auth/local/login', posted({ email: ADMIN, password: wrong }));
    await this.client.expect(401, '/api/v1/auth/local/login', posted({ email: wrong, password: wrong }));
    await this.client.expect(401, '/sign-in', formOf({ email: ADMIN, password: wrong }));
    const admin = await this.startSession(ADMIN, password!);
    const byPage = await this.client.expect(303, '/sign-in', {
      ...formOf({ email: ADMIN, password: password! }),
      gives: SESSION,
    });
    this.plantSession(byPage);
    await this.client.expect(200, '/api/v1/auth/me', { headers: admin });
    const { authorization: _handle, ...cookies } = admin;
    const refreshed = await this.client.expect(200, '/api/v1/auth/refresh', {
      method: 'POST',
      headers: cookies,
      gives: SESSION,
    });
    this.plantHandle(refreshed);
    await this.client.expect(403, '/api/v1/auth/refresh', {
      method: 'POST',
      headers: { cookie: admin['cookie']!, 'x-csrf-token': mistyped(admin['x-csrf-token']!) },
    });
    return { ...admin, authorization: `Bearer ${this.plantHandle(refreshed)}` };
  }

  /** Somebody gets a temporary password, and must replace it. */
  private async changeTemporaryPassword(admin: Browser): Promise<void> {
    const person = { email: 'temporary@example.com', name: 'Temporary' };
    const made = await this.client.expect(201, '/api/v1/users', posted(person, admin));
    const { id } = made.json<{ user: { id: string } }>().user ?? made.json<{ id: string }>();
    const reset = await this.client.expect(200, `/api/v1/users/${id}/password-reset`, {
      ...posted({}, admin),
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
    return { ...this.plantSession(answer), authorization: `Bearer ${this.plantHandle(answer)}` };
  }

  private plantHandle(answer: Answer): string {
    return this.canaries.plant('session handle', answer.json<{ token: string }>().token, HANDLE);
  }
}
