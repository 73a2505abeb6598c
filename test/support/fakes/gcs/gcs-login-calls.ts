import type { GcsAccount } from './gcs-account.js';
import { type GcsAnswer, GcsFailure } from './gcs-answers.js';
import { bytesOf, type GcsCall } from './gcs-call.js';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token';

/** Who is known to the servers of tokens. */
export interface GcsLogins {
  readonly account: GcsAccount;
  /** Address of this server, for the audience of assertions. */
  readonly url: string;
  /** The identity token of another cloud that is accepted for the account. */
  readonly subjectToken: string;
  readonly audience: string;
}

/** `POST /token`: an access token for a JWT that the account has signed. */
export async function exchangeAssertion(call: GcsCall, { account, url }: GcsLogins): Promise<GcsAnswer> {
  const form = new URLSearchParams((await bytesOf(call)).toString());
  if (form.get('grant_type') !== JWT_BEARER) throw new GcsFailure(400, 'unsupported_grant_type');
  account.assertAssertion(form.get('assertion') ?? '', [`${url}/token`, GOOGLE_TOKEN_URL]);
  return { status: 200, json: account.issue() };
}

/** `POST /v1/token`: an access token for the identity token of another cloud (RFC 8693). */
export async function exchangeSubjectToken(call: GcsCall, logins: GcsLogins): Promise<GcsAnswer> {
  const form = new URLSearchParams((await bytesOf(call)).toString());
  if (form.get('grant_type') !== TOKEN_EXCHANGE) throw new GcsFailure(400, 'unsupported_grant_type');
  if (form.get('audience') !== logins.audience)
    throw new GcsFailure(400, 'invalid_request', 'Invalid audience');
  if (form.get('subject_token') !== logins.subjectToken) {
    throw new GcsFailure(400, 'invalid_grant', 'The subject token is not valid');
  }
  const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token';
  return { status: 200, json: { ...logins.account.issue(), issued_token_type } };
}

/** `…:generateAccessToken`: an access token of the account, for somebody who may use it. */
export async function impersonate(call: GcsCall, { account }: GcsLogins): Promise<GcsAnswer> {
  assertMayUse(call, account);
  const { access_token: accessToken, expires_in: life } = account.issue();
  return {
    status: 200,
    json: { accessToken, expireTime: new Date(Date.now() + life * 1000).toISOString() },
  };
}

/** `…:signBlob`: a signature of the account, for somebody who may use it. */
export async function signBlob(call: GcsCall, { account }: GcsLogins): Promise<GcsAnswer> {
  assertMayUse(call, account);
  const { payload } = JSON.parse((await bytesOf(call)).toString()) as { payload: string };
  const signedBlob = account.sign(Buffer.from(payload, 'base64')).toString('base64');
  return { status: 200, json: { keyId: 'test-only', signedBlob } };
}

/** The metadata server of a machine that works as the account. */
export function machineMetadata({ headers, name }: GcsCall, { account }: GcsLogins): GcsAnswer {
  if (headers['metadata-flavor'] !== 'Google') throw new GcsFailure(403, 'forbidden');
  const flavor = { 'metadata-flavor': 'Google' };
  switch (name.replace(/\/$/, '')) {
    case 'instance':
      return { status: 200, headers: flavor, body: 'service-accounts/\n' };
    case 'instance/service-accounts/default/email':
      return { status: 200, headers: flavor, body: account.email };
    case 'instance/service-accounts/default/token':
      return { status: 200, headers: flavor, json: account.issue() };
    default:
      return { status: 404, headers: flavor, body: 'not found' };
  }
}

function assertMayUse(call: GcsCall, account: GcsAccount): void {
  account.assertToken(call.headers.authorization);
  if (call.name !== account.email) throw new GcsFailure(403, 'forbidden', 'Permission denied');
}
