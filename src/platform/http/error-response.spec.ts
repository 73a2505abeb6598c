import { describe, expect, it } from 'vitest';
import { DomainError, type ErrorKind } from '../../kernel/errors.js';
import { errorResponse, reasonPhrase } from './error-response.js';

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
