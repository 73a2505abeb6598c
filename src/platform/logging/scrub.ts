const MAX_LENGTH = 8192;

const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/tfrs?_[A-Za-z0-9_-]{10,}/g, 'tfr_***'],
  [/\b(Bearer|Basic|SetupToken)\s+[A-Za-z0-9._~+/=-]{8,}/gi, '$1 ***'],
  [/([?&](?:signature|sig|token|x-amz-signature|x-amz-credential|x-goog-signature)=)[^&\s"']+/gi, '$1***'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+@/gi, '$1***@'],
  [/-----BEGIN ([A-Z ]*PRIVATE KEY[A-Z ]*)-----[\s\S]*?(?:-----END \1-----|$)/g, '[private key]'],
  [/\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g, '[token]'],
];

/**
 * A text as it may stand in a log line: credentials, signatures, passwords in addresses and private keys are
 * taken out, and it is cut at 8 KiB. The last line of defence: what is secret should not be logged at all.
 */
export function scrub(text: string): string {
  let result = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  for (const [pattern, replacement] of SECRETS) result = result.replace(pattern, replacement);
  return result;
}
