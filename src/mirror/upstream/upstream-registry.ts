import { InvalidUpstreamAddress } from '../domain/mirror-settings.errors.js';

/** The registry that a mirror copies from, as it is configured. */
export interface UpstreamRegistry {
  /** Scheme, host and port; the path is `/`. */
  readonly url: URL;
  /** Sent to exactly this origin, and never to another. */
  readonly token?: string;
}

/** Where an upstream answers the provider protocol. */
export interface ProviderService {
  readonly upstream: UpstreamRegistry;
  /** What addresses of the protocol are relative to. */
  readonly baseUrl: URL;
}

/** Reads `upstream_registry_url`. Throws {@link InvalidUpstreamAddress}. */
export function upstreamRegistry(text: string, token?: string): UpstreamRegistry {
  if (!URL.canParse(text))
    throw new InvalidUpstreamAddress('write an address such as https://registry.terraform.io');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new InvalidUpstreamAddress('it begins with https://');
  }
  if (url.username !== '' || url.password !== '') {
    throw new InvalidUpstreamAddress('leave out user name and password, they would be visible');
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new InvalidUpstreamAddress('leave out what follows the host name, service discovery finds it');
  }
  return token === undefined || token === '' ? { url } : { url, token };
}

/**
 * The address `text`, relative to the document that names it. Undefined unless it is http or https without
 * credentials, and https when the document came by https.
 */
export function linkedUrl(text: unknown, document: URL): URL | undefined {
  if (typeof text !== 'string' || text === '' || text.length > 8192 || !URL.canParse(text, document)) {
    return undefined;
  }
  const url = new URL(text, document);
  const isWeb = url.protocol === 'https:' || (url.protocol === 'http:' && document.protocol === 'http:');
  if (!isWeb || url.username !== '' || url.password !== '') return undefined;
  url.hash = '';
  return url;
}
