import { describe, expect, it } from 'vitest';
import type { BackendType } from './backend-settings.js';
import { diagnose } from './probe-diagnosis.js';

/** An error as an adapter passes it on: sorted, with what the vendor said somewhere below. */
function failure(vendor: { name?: string; code?: string; message?: string }): Error {
  const { message = 'refused', ...facts } = vendor;
  const cause = Object.assign(new Error(message), facts);
  return new Error('sorted', { cause: new Error('attempt', { cause }) });
}

const told: [string, BackendType, Error, string | undefined, string, string | undefined][] = [
  ['no bucket', 's3', failure({ name: 'NoSuchBucket' }), 'settings', 'There is no such bucket', 's3_bucket'],
  [
    'no container',
    'azure',
    failure({ message: 'Azure answered 404 ContainerNotFound' }),
    'settings',
    'There is no such container',
    'azure_container_name',
  ],
  [
    'a bucket elsewhere',
    's3',
    failure({ name: 'PermanentRedirect' }),
    'settings',
    'in another region',
    's3_region',
  ],
  [
    'a wrong region',
    's3',
    failure({ name: 'AuthorizationHeaderMalformed' }),
    'settings',
    'in another region',
    's3_region',
  ],
  [
    'a wrong key',
    's3',
    failure({ name: 'SignatureDoesNotMatch' }),
    'denied',
    'does not accept the credentials',
    's3_auth_method',
  ],
  [
    'a wrong account key',
    'azure',
    failure({ message: 'Azure answered 403 AuthenticationFailed' }),
    'denied',
    'does not accept the credentials',
    'azure_auth_method',
  ],
  [
    'no right to write',
    's3',
    failure({ name: 'AccessDenied' }),
    'denied',
    'may write, read, list and delete',
    's3_auth_method',
  ],
  ['a closed port', 's3', failure({ code: 'ECONNREFUSED' }), undefined, 'cannot be reached', 's3_endpoint'],
  [
    'nobody who gives out tokens',
    'gcs',
    failure({ name: 'GcsLoginFailed', code: 'ECONNREFUSED' }),
    undefined,
    'cannot be reached',
    'gcs_endpoint',
  ],
  ['an unknown host', 'gcs', failure({ code: 'ENOTFOUND' }), undefined, 'is not known', 'gcs_endpoint'],
  [
    'an address behind the guard',
    's3',
    failure({ name: 'EgressRefused' }),
    'settings',
    'security.egress.allowlist',
    's3_endpoint',
  ],
  [
    'a stranger’s certificate',
    's3',
    failure({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    undefined,
    'certificate',
    's3_endpoint',
  ],
  ['http for https', 's3', failure({ code: 'EPROTO' }), undefined, 'http or https', 's3_endpoint'],
  ['a wrong clock', 's3', failure({ name: 'RequestTimeTooSkewed' }), undefined, 'clocks', undefined],
  ['silence', 'azure', failure({ name: 'DeadlinePassed' }), undefined, 'in time', 'azure_endpoint'],
  [
    'a read-only directory',
    'local',
    failure({ code: 'EROFS' }),
    undefined,
    'right to write',
    'local_base_path',
  ],
  [
    'a file instead',
    'local',
    failure({ code: 'ENOTDIR' }),
    undefined,
    'check that it is one',
    'local_base_path',
  ],
];

describe('what is told about a storage that does not work', () => {
  it.each(told)('with %s on %s', (_, type, error, reason, words, field) => {
    const { sentence, field: shown } = diagnose(type, error, reason);
    expect(sentence).toContain(words);
    expect(shown).toBe(field);
  });

  it('never is what the vendor said', () => {
    const { sentence } = diagnose(
      's3',
      failure({ message: 'key AKIASECRET at 10.0.0.1 /srv/path' }),
      undefined,
    );
    expect(sentence).toBe('The storage did not work as it should; the log of the server says more');
  });

  it('ends with causes that go in circles', () => {
    const error = new Error('round');
    error.cause = error;
    expect(diagnose('s3', error, 'settings').sentence).toContain('does not accept its settings');
  });
});
