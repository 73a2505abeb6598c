import type { ExternalAccountClientOptions, JWTInput } from 'google-auth-library';
import { readFile } from 'node:fs/promises';
import type { GcsSettings } from '../../domain/backend-settings.js';
import { ObjectStoreRejected } from '../../object-store.errors.js';

/** What is used of a credentials file of Google, of whatever type. */
export type GcsKeyFile = JWTInput &
  Partial<Pick<ExternalAccountClientOptions, 'audience' | 'subject_token_type' | 'token_url'>> & {
    readonly token_uri?: string;
    readonly service_account_impersonation_url?: string;
    readonly credential_source?: {
      readonly file?: string;
      readonly url?: string;
      readonly environment_id?: string;
    };
  };

/** The credentials that the settings hold or name. Throws `ObjectStoreRejected` (`settings`), never with their text. */
export async function readKeyFile(settings: GcsSettings): Promise<GcsKeyFile> {
  const text = settings.credentialsJson ?? (await textOf(settings.credentialsFile));
  const key = parsed(text);
  if (typeof key !== 'object' || key === null) throw unusable('not a JSON object');
  return key as GcsKeyFile;
}

/**
 * Refuses what is no external account with a token in a file or at a URL. The server sends such tokens to the
 * addresses in the credentials; those that came over the API may name Google only, those in a file what they like.
 */
export function assertExternalAccount(key: GcsKeyFile, settings: GcsSettings): void {
  const { type, audience, subject_token_type, credential_source: source } = key;
  const isComplete = type === 'external_account' && Boolean(audience) && Boolean(subject_token_type);
  if (!isComplete || !(source?.file ?? source?.url ?? source?.environment_id)) {
    throw unusable('not those of an external account with a token in a file or at a URL');
  }
  const addresses = [key.token_url, key.service_account_impersonation_url];
  if (settings.credentialsJson !== undefined && !addresses.every(isOfGoogle)) {
    throw unusable('they name a server that is not of Google; put them into a file of the server');
  }
}

function isOfGoogle(address: string | undefined): boolean {
  return address === undefined || /^https:\/\/[a-z0-9.-]+\.googleapis\.com\//.test(address);
}

async function textOf(file: string | undefined): Promise<string> {
  if (file === undefined) throw unusable('neither a file nor its content is set');
  return readFile(file, 'utf8').catch(() => {
    throw unusable('their file cannot be read');
  });
}

/** Without the error of the parser: it quotes the text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The refusal of credentials; `why` is for the log. */
export function unusable(why: string): ObjectStoreRejected {
  return new ObjectStoreRejected('settings', undefined, { cause: new Error(`The credentials: ${why}`) });
}
