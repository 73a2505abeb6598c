import { describe, expect, it } from 'vitest';
import { DomainError, type ErrorKind } from '../../kernel/errors.js';
import { errorResponse, reasonPhrase, statusResponse } from './error-response.js';

class Refused extends DomainError {
  readonly code = 'refused';

  constructor(
    message: string,
    readonly kind: ErrorKind = 'gone',
  ) {
    super(message);
  }
}

const phraseOf = (error: DomainError, terraformVersion?: string): string | undefined =>
  reasonPhrase(
    errorResponse(error, { url: '/v1/modules/a/b/c/1.0.0/download', requestId: 'r', terraformVersion }),
  );

describe('the reason phrase of a refused download', () => {
  it('is the sentence of the refusal, for a CLI and for others (checklist 87)', () => {
    const refused = new Refused('CVE-2026-1: use 1.0.1');
    expect(phraseOf(refused, '1.11.4')).toBe('CVE-2026-1: use 1.0.1');
    expect(phraseOf(refused)).toBe('CVE-2026-1: use 1.0.1');
  });

  it('has printable ASCII only and at most 200 characters', () => {
    expect(phraseOf(new Refused('Zurückgezogen\r\nX-Evil: 1'))).toBe('Zur?ckgezogen??X-Evil: 1');
    expect(phraseOf(new Refused('x'.repeat(300)))).toHaveLength(200);
  });

  it('is the usual one for every other error', () => {
    expect(phraseOf(new Refused('Not here', 'not-found'))).toBeUndefined();
  });
});

describe('the errors of the routes of OAuth (RFC 6749, section 5.2)', () => {
  const answerOf = (error: unknown, url = '/api/v1/oauth/token') =>
    errorResponse(error, { url, requestId: 'r' });

  it('name a code and a description, whoever found them, and are never stored', () => {
    expect(answerOf(new Refused('Kaputt: "ü"', 'unsupported-media-type'))).toEqual({
      status: 415,
      headers: { 'cache-control': 'no-store' },
      body: { error: 'invalid_request', error_description: "Kaputt: '''", code: 'refused' },
    });
    expect(statusResponse(413, { url: '/api/v1/auth/token-exchange?x=1', requestId: 'r' })).toMatchObject({
      status: 413,
      body: { error: 'invalid_request', error_description: 'The request body is too large' },
    });
  });

  it.each([
    ['rate-limited', 429, 'temporarily_unavailable'],
    ['unavailable', 503, 'temporarily_unavailable'],
    ['bad-gateway', 502, 'server_error'],
    ['not-found', 404, 'invalid_request'],
  ] as const)('%s is %i %s', (kind, status, error) => {
    const { body, ...answer } = answerOf(new Refused('No', kind));
    expect(answer.status).toBe(status);
    expect(body).toMatchObject({ error, error_description: 'No' });
  });

  it('tell nothing about what is unexpected', () => {
    expect(answerOf(new Error('secret')).body).toEqual({
      error: 'server_error',
      error_description: 'Internal server error',
      request_id: 'r',
    });
  });

  it('are those of everybody else on every other route', () => {
    for (const url of [
      '/api/v1/oauth/tokens',
      '/api/v1/oauth',
      '/api/v1/auth/token-exchange/x',
      '/x?/api/v1/oauth/token',
    ]) {
      expect(answerOf(new Refused('No', 'invalid'), url).body).toEqual({ error: 'No', code: 'refused' });
    }
  });
});
