import type { ServerMetadata } from 'openid-client';
import { MemoryCache } from '../../../platform/cache/memory-cache.js';
import { DomainError } from '../../../kernel/errors.js';
import { ProviderUnavailable } from '../../domain/sign-in.errors.js';

const FRESH_MS = 600_000;
const MAX_DOCUMENTS = 50;
const ENDPOINTS = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const;

/** The discovery documents of identity providers, read at most every ten minutes and shared by those who ask. */
export class OidcDiscovery {
  private readonly documents = new MemoryCache<ServerMetadata>({
    lifeMs: FRESH_MS,
    maxEntries: MAX_DOCUMENTS,
  });

  constructor(private readonly fetch: (url: string) => Promise<Response>) {}

  /** The document of this issuer. Throws {@link ProviderUnavailable}. */
  async get(issuerUrl: string): Promise<ServerMetadata> {
    return (await this.documents.get(issuerUrl, () => this.read(issuerUrl))).value;
  }

  /** The document as it is now. Throws {@link ProviderUnavailable}. */
  async read(issuerUrl: string): Promise<ServerMetadata> {
    const address = `${issuerUrl.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const document = await this.load(address);
    // A trailing slash does not change where the document is, so it cannot lead to another issuer.
    const { issuer } = document;
    if (typeof issuer !== 'string' || issuer.replace(/\/$/, '') !== issuerUrl.replace(/\/$/, '')) {
      throw new ProviderUnavailable('The discovery document names another issuer than issuer_url');
    }
    for (const name of ENDPOINTS) {
      if (!isAddress(document[name], issuerUrl)) {
        throw new ProviderUnavailable(`The discovery document has no usable ${name}`);
      }
    }
    return document as ServerMetadata;
  }

  private async load(address: string): Promise<Record<string, unknown>> {
    let response: Response;
    try {
      response = await this.fetch(address);
      const text = await response.text();
      if (response.status !== 200) {
        throw new ProviderUnavailable(
          `The discovery document of the identity provider answers ${response.status}`,
        );
      }
      const document = JSON.parse(text) as unknown;
      if (typeof document !== 'object' || document === null) throw new SyntaxError('not an object');
      return document as Record<string, unknown>;
    } catch (error) {
      if (error instanceof ProviderUnavailable) throw error;
      if (error instanceof DomainError) throw new ProviderUnavailable(error.message, error);
      throw new ProviderUnavailable('The discovery document of the identity provider is not JSON', error);
    }
  }
}

/** Whether `value` is an address as safe as that of the issuer: https, or http where the issuer is http. */
export function isAddress(value: unknown, issuerUrl: string): value is string {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && issuerUrl.startsWith('http:'));
}
