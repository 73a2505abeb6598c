import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { S3Accounts } from './s3-accounts.js';
import { type S3Answer, S3Failure, xml } from './s3-answers.js';
import type { S3Call } from './s3-call.js';
import { verifySignature } from './s3-signature.js';

const DEFAULT_SESSION_SECONDS = 3600;

/** `AssumeRole`, signed with a key, and `AssumeRoleWithWebIdentity`, which brings a token instead. */
export async function assumeRole(call: S3Call, accounts: S3Accounts, region: string): Promise<S3Answer> {
  const body = await text(call.request);
  const form = new URLSearchParams(body);
  const action = form.get('Action') ?? '';
  const role = accounts.role;
  if (!role || form.get('RoleArn') !== role.arn || !form.get('RoleSessionName')) {
    throw new S3Failure(403, 'AccessDenied');
  }
  if (action === 'AssumeRole') {
    const payloadHash = createHash('sha256').update(body).digest('hex');
    verifySignature(call, accounts, { region, service: 'sts', payloadHash });
    if ((form.get('ExternalId') ?? undefined) !== role.externalId) throw new S3Failure(403, 'AccessDenied');
  } else if (action === 'AssumeRoleWithWebIdentity') {
    const token = form.get('WebIdentityToken');
    if (token === null || token !== role.webIdentityToken) throw new S3Failure(400, 'InvalidIdentityToken');
  } else {
    throw new S3Failure(400, 'InvalidAction');
  }
  const session = accounts.newSession(Number(form.get('DurationSeconds') ?? DEFAULT_SESSION_SECONDS));
  const result = {
    AssumedRoleUser: { AssumedRoleId: 'AROATEST:session', Arn: `${role.arn}/${form.get('RoleSessionName')}` },
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: new Date(session.expiresAtMs!).toISOString(),
    },
  };
  return { status: 200, body: xml(`${action}Response`, { [`${action}Result`]: result }) };
}

/** Errors of STS stand one element deeper than those of S3. */
export function stsFailureXml(failure: S3Failure): string {
  const error = { Type: 'Sender', Code: failure.code, Message: failure.message };
  return xml('ErrorResponse', { Error: error, RequestId: 'fake' });
}
