import { AuthorizationRefused } from './terraform-login.errors.js';

/** The public name under which both CLIs ask; it proves nothing. */
export const CLIENT_ID = 'terraform-cli';
/** Where a CLI may listen for its code. The CLIs take the last one as the end of the range, and never use it. */
export const LOOPBACK_PORTS = [10_000, 10_010] as const;

const REDIRECT_URI = /^http:\/\/localhost:(1\d{4})\/login$/;
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const MAX_STATE_LENGTH = 512;

/** What a CLI asks for, as it came: the query of `GET /api/v1/oauth/authorize`. */
export type AuthorizationQuery = Readonly<Record<string, unknown>>;

/** A request for an authorization that is in order (REST contract 6.5, threat B12). */
export class AuthorizationRequest {
  private constructor(
    readonly redirectUri: string,
    /** On which the CLI waits. */
    readonly port: number,
    readonly codeChallenge: string,
    /** Echoed unchanged; `undefined` when the CLI sent none. */
    readonly state: string | undefined,
  ) {}

  /** The same from the text after the question mark; a parameter that is sent twice is refused (RFC 6749, 3.1). */
  static parseQuery(text: string): AuthorizationRequest {
    const query = new URLSearchParams(text);
    for (const name of query.keys()) {
      if (query.getAll(name).length > 1) throw new AuthorizationRefused('A parameter is there twice');
    }
    return AuthorizationRequest.parse(Object.fromEntries(query));
  }

  /** Throws {@link AuthorizationRefused}, which says what is wrong. */
  static parse(query: AuthorizationQuery): AuthorizationRequest {
    requireExactly(query, 'response_type', 'code');
    requireExactly(query, 'client_id', CLIENT_ID);
    const redirectUri = textOf(query, 'redirect_uri');
    const port = Number(REDIRECT_URI.exec(redirectUri)?.[1]);
    const [first, last] = LOOPBACK_PORTS;
    if (!(port >= first && port <= last)) {
      throw new AuthorizationRefused(
        `redirect_uri must be http://localhost:<port>/login with a port from ${first} to ${last}`,
      );
    }
    requireExactly(query, 'code_challenge_method', 'S256');
    const codeChallenge = textOf(query, 'code_challenge');
    if (!S256_CHALLENGE.test(codeChallenge)) {
      throw new AuthorizationRefused('code_challenge must be a SHA-256 digest in base64url');
    }
    const state = query['state'] === undefined ? undefined : textOf(query, 'state');
    if (state !== undefined && state.length > MAX_STATE_LENGTH) {
      throw new AuthorizationRefused(`state has more than ${MAX_STATE_LENGTH} characters`);
    }
    return new AuthorizationRequest(redirectUri, port, codeChallenge, state);
  }

  /** The parameters of the request as they have to come again. */
  get parameters(): Readonly<Record<string, string>> {
    return {
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: this.redirectUri,
      code_challenge: this.codeChallenge,
      code_challenge_method: 'S256',
      ...(this.state !== undefined && { state: this.state }),
    };
  }

  /** Where the browser takes `code` to the CLI. */
  redirectWith(code: string): string {
    const answer = new URLSearchParams({ code, ...(this.state !== undefined && { state: this.state }) });
    return `${this.redirectUri}?${answer.toString()}`;
  }
}

function requireExactly(query: AuthorizationQuery, name: string, value: string): void {
  if (textOf(query, name) !== value) throw new AuthorizationRefused(`${name} must be ${value}`);
}

function textOf(query: AuthorizationQuery, name: string): string {
  const value = query[name];
  if (typeof value !== 'string' || value === '') throw new AuthorizationRefused(`${name} is missing`);
  return value;
}
