import type { DocumentRequest } from './rendered-document.js';

const USER_AGENT = 'User-Agent';
const OPEN_TOFU = 'OpenTofu/';

/** The headers of a request that matter for documents, as they came. */
export interface RequestFacts {
  authorization: string | undefined;
  acceptEncoding: string | undefined;
  ifNoneMatch: string | undefined;
  requestId: string | undefined;
  /** Whether `X-Terraform-Version` is there: the lean form is asked for. */
  isLean: boolean;
  /** What stands in it. */
  clientVersion: string | undefined;
  /** Who the proxies say the request is from. */
  forwardedFor: string | undefined;
}

/**
 * Reads what the fast path needs from `IncomingMessage.rawHeaders`, or `undefined` when the request is
 * anything but plain: a header twice, a body, a cookie, another origin. Such requests go to the router.
 */
export function readPlainRequest(raw: readonly string[]): RequestFacts | undefined {
  const facts: RequestFacts = {
    authorization: undefined,
    acceptEncoding: undefined,
    ifNoneMatch: undefined,
    requestId: undefined,
    isLean: false,
    clientVersion: undefined,
    forwardedFor: undefined,
  };
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string;
    if (hasLengthOfInterest(name) && !take(facts, name.toLowerCase(), raw[index + 1] as string))
      return undefined;
  }
  return facts;
}

/** Spares most headers the comparison; the lengths are those of the names in `take`. */
function hasLengthOfInterest({ length }: string): boolean {
  return (length >= 12 && length <= 19) || length === 6 || length === 7;
}

/** Takes one header over; `false` when it makes the request unusual. */
function take(facts: RequestFacts, name: string, value: string): boolean {
  switch (name) {
    case 'authorization':
      if (facts.authorization !== undefined) return false;
      facts.authorization = value;
      return true;
    case 'accept-encoding':
      if (facts.acceptEncoding !== undefined) return false;
      facts.acceptEncoding = value;
      return true;
    case 'if-none-match':
      if (facts.ifNoneMatch !== undefined) return false;
      facts.ifNoneMatch = value;
      return true;
    case 'x-request-id':
      if (facts.requestId !== undefined) return false;
      facts.requestId = value;
      return true;
    case 'x-terraform-version':
      if (facts.isLean) return false;
      facts.isLean = true;
      facts.clientVersion = value;
      return true;
    case 'x-forwarded-for':
      facts.forwardedFor = facts.forwardedFor === undefined ? value : `${facts.forwardedFor}, ${value}`;
      return true;
    case 'content-length':
      return value === '0';
    case 'cookie':
    case 'origin':
    case 'expect':
    case 'upgrade':
    case 'transfer-encoding':
      return false;
    default:
      return true;
  }
}

/** Whether a `User-Agent` is that of OpenTofu. */
export function isOpenTofuAgent(userAgent: string | undefined): boolean {
  return userAgent?.startsWith(OPEN_TOFU) === true;
}

/** The same, found in `IncomingMessage.rawHeaders`; looked for only when a download is counted. */
export function namesOpenTofu(raw: readonly string[]): boolean {
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string;
    if (name.length !== USER_AGENT.length) continue;
    if (name === USER_AGENT || name.toLowerCase() === USER_AGENT.toLowerCase())
      return isOpenTofuAgent(raw[index + 1]);
  }
  return false;
}

/** What of a request decides about the answer, the same for the fast path and the router. */
export function documentRequest(
  facts: Pick<RequestFacts, 'authorization' | 'acceptEncoding' | 'ifNoneMatch'>,
): DocumentRequest {
  return {
    isAuthenticated: facts.authorization !== undefined,
    acceptsGzip: acceptsGzip(facts.acceptEncoding),
    ifNoneMatch: facts.ifNoneMatch,
  };
}

function acceptsGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined) return false;
  if (acceptEncoding === 'gzip') return true;
  return acceptEncoding.split(',').some((part) => {
    const [coding, ...parameters] = part.split(';').map((word) => word.trim().toLowerCase());
    return coding === 'gzip' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
