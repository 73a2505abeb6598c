import { SignInFailed } from '../../domain/sign-in.errors.js';

interface LibraryError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
}

/** Codes of openid-client for an identity token that fails a check. */
const ABOUT_TOKEN: ReadonlySet<unknown> = new Set([
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
]);
const AMBIGUOUS: ReadonlySet<unknown> = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_UNSUPPORTED_OPERATION',
  'OAUTH_PARSE_ERROR',
]);

/** What a failed code exchange is called; the library tells by codes and by what the error was about. */
export function tokenFailure(error: unknown): SignInFailed {
  if (error instanceof SignInFailed) return error;
  const chain = causesOf(error);
  const isCoded = (codes: ReadonlySet<unknown>): boolean => chain.some(({ code }) => codes.has(code));
  if (chain.some(isMissingToken)) return new SignInFailed('no_id_token', error);
  const isAboutBody = chain.some(
    (one) => Object.hasOwn(one, 'body') || String(one.message).includes('"response" body'),
  );
  if (isCoded(ABOUT_TOKEN) || (isCoded(AMBIGUOUS) && !isAboutBody)) {
    return new SignInFailed('id_token_invalid', error);
  }
  return new SignInFailed('token_exchange_failed', error);
}

function causesOf(error: unknown): LibraryError[] {
  const chain: LibraryError[] = [];
  for (let one = error; typeof one === 'object' && one !== null && chain.length < 8;) {
    chain.push(one as LibraryError);
    one = (one as LibraryError).cause;
  }
  return chain;
}

function isMissingToken({ message, cause }: LibraryError): boolean {
  return (
    typeof message === 'string' &&
    message.includes('"id_token"') &&
    typeof cause === 'object' &&
    cause !== null &&
    Object.hasOwn(cause, 'body')
  );
}
