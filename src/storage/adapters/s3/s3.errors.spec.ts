import { describe, expect, it } from 'vitest';
import { EgressRefused } from '../../../platform/outbound-http/outbound-http.errors.js';
import { ObjectNotFound, ObjectStoreRejected, ObjectStoreUnavailable } from '../../object-store.errors.js';
import { sortedError } from './s3.errors.js';

/** An error as the SDK makes it of an answer. */
function answer(status: number, code: string): Error {
  return Object.assign(new Error('StringToSign: with-secrets'), {
    name: code,
    $metadata: { httpStatusCode: status, requestId: 'request-1' },
    StringToSign: 'with-secrets',
  });
}

describe('a failure of S3', () => {
  it('says that an object is missing only by NoSuchKey', () => {
    expect(sortedError(answer(404, 'NoSuchKey'), 'get')).toBeInstanceOf(ObjectNotFound);
  });

  it.each([
    [404, 'NotFound'],
    [404, 'UnknownError'],
    [404, 'NoSuchUpload'],
    [500, 'InternalError'],
    [502, 'UnknownError'],
    [503, 'SlowDown'],
    [503, 'ServiceUnavailable'],
    [429, 'TooManyRequests'],
    [400, 'RequestTimeout'],
    [400, 'BadDigest'],
    [400, 'ExpiredToken'],
    [400, 'IDPCommunicationErrorException'],
    [403, 'RequestTimeTooSkewed'],
    [409, 'OperationAborted'],
    [200, 'SyntaxError'],
  ])('%i %s is worth another attempt', (status, code) => {
    expect(sortedError(answer(status, code), 'get')).toBeInstanceOf(ObjectStoreUnavailable);
  });

  it.each([
    [403, 'AccessDenied', 'denied'],
    [403, 'AllAccessDisabled', 'denied'],
    [403, 'Forbidden', 'denied'],
    [401, 'Unauthorized', 'denied'],
    [400, 'InvalidIdentityTokenException', 'denied'],
    [404, 'NoSuchBucket', 'settings'],
    [403, 'InvalidAccessKeyId', 'settings'],
    [403, 'SignatureDoesNotMatch', 'settings'],
    [403, 'InvalidObjectState', 'settings'],
    [301, 'PermanentRedirect', 'settings'],
    [400, 'AuthorizationHeaderMalformed', 'settings'],
    [400, 'KMS.NotFoundException', 'settings'],
    [501, 'NotImplemented', 'settings'],
  ])('%i %s is refused for good as %s', (status, code, reason) => {
    const sorted = sortedError(answer(status, code), 'put');
    expect(sorted).toBeInstanceOf(ObjectStoreRejected);
    expect(sorted).toMatchObject({ reason });
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE'])(
    'of the connection (%s) is worth another attempt',
    (code) => {
      const failure = Object.assign(new Error('connect'), { code, $metadata: { attempts: 1 } });
      expect(sortedError(failure, 'get')).toBeInstanceOf(ObjectStoreUnavailable);
    },
  );

  it('of a timeout is worth another attempt', () => {
    const failure = Object.assign(new Error('too late'), { name: 'TimeoutError' });
    expect(sortedError(failure, 'get')).toBeInstanceOf(ObjectStoreUnavailable);
  });

  it('to find credentials, or to be allowed out, is a matter of settings', () => {
    const none = Object.assign(new Error('none'), { name: 'CredentialsProviderError' });
    expect(sortedError(none, 'get')).toMatchObject({ reason: 'settings' });
    expect(sortedError(new EgressRefused('s3.example.com'), 'get')).toMatchObject({ reason: 'settings' });
  });

  it('comes back as it is when it is sorted already', () => {
    const sorted = new ObjectStoreRejected('exists');
    expect(sortedError(sorted, 'put')).toBe(sorted);
  });

  it.each(['SignatureDoesNotMatch', 'InternalError', 'NoSuchKey'])(
    'tells the log no more than status, code and request id of %s',
    (code) => {
      const { cause } = sortedError(answer(403, code), 'get');
      expect((cause as Error).message).toBe(`S3 answered 403 ${code} (request id request-1)`);
      expect(JSON.stringify(cause)).not.toContain('secrets');
    },
  );
});
