import type { Answer } from '../../../support/http-request.js';
import type { TestApp } from '../../../support/test-app.js';
import type { Canaries } from './canaries.js';
import { cookieIn, type RecordedRequest, RecordingClient } from './recording-client.js';
import type { Surroundings } from './surroundings.js';

/** What begins a session hands out. */
export const SESSION = ['session secret', 'session handle', 'CSRF value', 'access token'];

/** What a browser sends along with every request. */
export type Browser = Readonly<Record<string, string>>;

/** Somebody who uses secrets for what they are made for, right and wrong, and plants each as a canary. */
export class SecretUse {
  constructor(
    protected readonly app: TestApp,
    protected readonly client: RecordingClient,
    protected readonly canaries: Canaries,
    protected readonly around: Surroundings,
  ) {}

  protected withSetupToken(json: object): RecordedRequest {
    return posted(json, { authorization: `SetupToken ${this.app.server.setupToken}` });
  }

  protected plantSession(answer: Answer): Record<string, string> {
    const secret = this.canaries.plant('session secret', cookieIn(answer, 'tfr_session'));
    const csrf = this.canaries.plant('CSRF value', cookieIn(answer, 'tfr_csrf'));
    return { cookie: `tfr_session=${secret}; tfr_csrf=${csrf}`, 'x-csrf-token': csrf };
  }
}

/** A POST of JSON. */
export function posted(json: object, headers: Record<string, string> = {}): RecordedRequest {
  return { method: 'POST', json, headers };
}

/** The same with another last character, or the same form without being the same. */
export function mistyped(secret: string): string {
  return `${secret.slice(0, -1)}${secret.endsWith('A') ? 'Q' : 'A'}`;
}
