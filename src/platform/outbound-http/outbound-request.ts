/** One outgoing request. What is absent follows `security.egress.*`. */
export interface OutboundRequest {
  /** What the request is for, in kebab case: a label of the metric. */
  readonly purpose?: string;
  readonly method?: string;
  readonly headers?: NonNullable<RequestInit['headers']>;
  readonly body?: string | Uint8Array | URLSearchParams | null;
  /** Ends the request early. */
  readonly signal?: AbortSignal | null;
  /** `follow` (default) checks every hop; `manual` gives the redirect itself; `error` fails. */
  readonly redirect?: 'follow' | 'manual' | 'error';
  /** For the whole request: redirects, retries and the body. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** 5 unless said otherwise. */
  readonly maxRedirects?: number;
  /** How often GET and HEAD are tried again when nothing or 502, 503 or 504 came back; once unless said otherwise. */
  readonly retries?: number;
}

/** A function with the shape of the standard `fetch`, for libraries that take one. */
export type FetchLike = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;
