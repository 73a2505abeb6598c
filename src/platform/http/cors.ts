import type { HeaderSet } from './security-headers.js';

const ALLOWED_HEADERS = [
  'Origin',
  'Content-Type',
  'Accept',
  'Authorization',
  'X-Requested-With',
  'X-Request-ID',
  'X-CSRF-Token',
].join(', ');
const EXPOSED_HEADERS = 'X-Request-ID, ETag, Retry-After, X-Terraform-Get';
const MAX_AGE_SECONDS = '3600';

/** The part of the configuration that decides about other origins. */
export interface CorsSettings {
  readonly corsAllowedOrigins: readonly string[];
  readonly corsAllowedMethods: readonly string[];
}

/** Which origins may read answers (REST contract 2.6): an exact list, or everybody without credentials. */
export class CorsPolicy {
  private readonly origins: ReadonlySet<string>;
  private readonly anyOrigin: boolean;
  private readonly methods: string;

  constructor({ corsAllowedOrigins, corsAllowedMethods }: CorsSettings) {
    this.origins = new Set(corsAllowedOrigins);
    this.anyOrigin = this.origins.has('*');
    this.methods = corsAllowedMethods.join(', ');
  }

  /** Headers of an answer to a request of this origin. */
  responseHeaders(origin: string): HeaderSet {
    if (this.origins.has(origin) && origin !== '*' && origin !== 'null') {
      return {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': EXPOSED_HEADERS,
      };
    }
    if (!this.anyOrigin) return {};
    return { 'access-control-allow-origin': '*', 'access-control-expose-headers': EXPOSED_HEADERS };
  }

  /** Headers of the answer to a preflight request of this origin. */
  preflightHeaders(origin: string): HeaderSet {
    const headers = this.responseHeaders(origin);
    if (headers['access-control-allow-origin'] === undefined) return {};
    return {
      ...headers,
      'access-control-allow-methods': this.methods,
      'access-control-allow-headers': ALLOWED_HEADERS,
      'access-control-max-age': MAX_AGE_SECONDS,
    };
  }

  /** Whether answers depend on the origin, so that caches must know it. */
  get varies(): boolean {
    return !(this.anyOrigin && this.origins.size === 1);
  }
}
