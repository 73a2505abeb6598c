import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Answer, RequestOptions } from './http-request.js';

const AUTHORIZE = '/api/v1/oauth/authorize';
const TOKEN = '/api/v1/oauth/token';

/** How a page is asked for, and a form sent, as a browser does it. */
export const ACCEPTS_PAGES = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Sends one request to a path of the registry. */
export type Send = (path: string, options?: RequestOptions) => Promise<Answer>;

/** The body and headers of a form. */
export function formOf(fields: Readonly<Record<string, string>>): RequestOptions {
  return { method: 'POST', headers: { ...FORM }, body: new URLSearchParams(fields).toString() };
}

/** What `terraform login` and `tofu login` do on the wire (protocol document, section 4), without a CLI. */
export class LoginClient {
  readonly state = randomUUID();
  /** As the CLIs make it: a UUID, a dot, nine digits. */
  readonly verifier = `${randomUUID()}.${String(randomBytes(4).readUInt32BE() % 1_000_000_000).padStart(9, '0')}`;
  readonly redirectUri: string;

  constructor(port = 10_003) {
    this.redirectUri = `http://localhost:${port}/login`;
  }

  /** The parameters of the authorization request. */
  get parameters(): Record<string, string> {
    return {
      client_id: 'terraform-cli',
      code_challenge: createHash('sha256').update(this.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      redirect_uri: this.redirectUri,
      response_type: 'code',
      state: this.state,
    };
  }

  /** Where the CLI sends the browser; `changes` replace parameters, `undefined` leaves one out. */
  authorizePath(changes: Readonly<Record<string, string | undefined>> = {}): string {
    const all = Object.entries({ ...this.parameters, ...changes });
    const kept = all.filter((pair): pair is [string, string] => pair[1] !== undefined);
    return `${AUTHORIZE}?${new URLSearchParams(kept).toString()}`;
  }

  /** Opens the consent page and presses a button of it, sending back what stands in its form. */
  async decide(send: Send, decision: 'allow' | 'deny'): Promise<Answer> {
    const page = await send(this.authorizePath(), { headers: ACCEPTS_PAGES });
    if (page.status !== 200) throw new Error(`The consent page answered ${page.status}`);
    return send(AUTHORIZE, formOf({ ...hiddenFields(page.body.toString()), decision }));
  }

  /** The code that comes with the redirect to the CLI. */
  async code(send: Send): Promise<string> {
    const answer = await this.decide(send, 'allow');
    const code = new URL(String(answer.headers['location'])).searchParams.get('code');
    if (answer.status !== 302 || code === null) throw new Error(`No code came with ${answer.status}`);
    return code;
  }

  /** The token request: no `Authorization`, no `Accept`, no client secret. */
  redeem(
    send: Send,
    code: string,
    changes: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Answer> {
    const all = Object.entries({
      client_id: 'terraform-cli',
      code,
      code_verifier: this.verifier,
      grant_type: 'authorization_code',
      redirect_uri: this.redirectUri,
      ...changes,
    });
    const kept = all.filter((pair): pair is [string, string] => pair[1] !== undefined);
    const form = formOf(Object.fromEntries(kept));
    return send(TOKEN, { ...form, headers: { ...form.headers, 'user-agent': 'Terraform/1.11.4' } });
  }
}

/** The hidden fields of a page by name. */
export function hiddenFields(html: string): Record<string, string> {
  const inputs = [...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
  return Object.fromEntries(inputs.map(([, name, value]) => [name!, unescaped(value!)]));
}

/** The text that was escaped for HTML. */
export function unescaped(html: string): string {
  return html
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
