import { scrub } from '../platform/logging/scrub.js';

const REDACTED = '***';
const MAX_DEPTH = 8;

/** Words in the name of a field whose text is a secret, whatever the rest of the name is. */
const SECRET_WORDS = new Set([
  ...['password', 'passphrase', 'passwd', 'pwd', 'secret', 'secrets', 'token', 'tokens', 'credential'],
  ...['credentials', 'authorization', 'cookie', 'cookies', 'key', 'keys', 'apikey', 'hash'],
  ...['private', 'salt', 'otp', 'pin', 'verifier', 'nonce', 'csrf', 'handle', 'signature', 'assertion'],
]);

/** Names with such a word whose text is known to be harmless. */
const HARMLESS = new Set([
  ...['key_id', 'key_ids', 'key_name', 'key_prefix', 'key_fingerprint', 'signing_key_id', 'api_key_id'],
  ...[
    'public_key_id',
    'api_keys',
    'token_type',
    'token_endpoint',
    'signature_state',
    'authorization_endpoint',
  ],
  ...['password_policy', 'secret_name'],
]);

/**
 * A value as it may stand in the audit log, as plain JSON: text under a name that speaks of a secret is taken
 * out, credentials inside other text too, and what PostgreSQL cannot store. The second line of defence: nobody
 * should hand secrets to the log.
 */
export function redact(value: unknown): unknown {
  return redacted(value, '', 0);
}

function redacted(value: unknown, name: string, depth: number): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (isSecretName(name)) return REDACTED;
  if (typeof value === 'string') return storable(scrub(value));
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object') return undefined;
  if (depth >= MAX_DEPTH || Buffer.isBuffer(value)) return REDACTED;
  if (Array.isArray(value)) return value.map((one) => redacted(one, '', depth + 1) ?? null);
  const fields = Object.entries(value).map(([key, one]) => [storable(key), redacted(one, key, depth + 1)]);
  return Object.fromEntries(fields.filter(([, one]) => one !== undefined)) as unknown;
}

/** Text without NUL and half characters, which `jsonb` and `text` refuse. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '');
}

function isSecretName(name: string): boolean {
  if (name === '') return false;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');
  return !HARMLESS.has(words) && words.split('_').some((word) => SECRET_WORDS.has(word));
}
