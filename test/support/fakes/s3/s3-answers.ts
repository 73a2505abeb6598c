/** What the server answers to a call. */
export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  /** Text, or bytes with their number in `content-length`. */
  readonly body?: string | AsyncIterable<Buffer>;
  /** Breaks the connection behind the bytes. */
  readonly breaksOff?: boolean;
  /** Says nothing more behind the bytes. */
  readonly stalls?: boolean;
}

/** A refusal, as S3 words it: a status, a code, and a sentence for humans. */
export class S3Failure extends Error {
  readonly status: number;
  readonly code: string;
  /** Further elements of the XML. */
  readonly details: Readonly<Record<string, string | number>>;

  constructor(status: number, code: string, details: Readonly<Record<string, string | number>> = {}) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export const noSuchBucket = (): S3Failure => new S3Failure(404, 'NoSuchBucket');
export const noSuchKey = (): S3Failure => new S3Failure(404, 'NoSuchKey');
export const noSuchUpload = (): S3Failure => new S3Failure(404, 'NoSuchUpload');
export const preconditionFailed = (): S3Failure => new S3Failure(412, 'PreconditionFailed');
export const notImplemented = (): S3Failure => new S3Failure(501, 'NotImplemented');

/** An XML document with this root; arrays repeat their element. */
export function xml(root: string, content: XmlContent): string {
  const xmlns = 'http://s3.amazonaws.com/doc/2006-03-01/';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${xmlns}">${elements(content)}</${root}>`;
}

export function failureXml(failure: S3Failure): string {
  const content = { Code: failure.code, Message: failure.message, ...failure.details, RequestId: 'fake' };
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${elements(content)}</Error>`;
}

/** Elements by name. */
export interface XmlContent {
  readonly [name: string]: string | number | boolean | undefined | XmlContent | readonly XmlContent[];
}

function elements(content: XmlContent): string {
  return Object.entries(content)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => [name, one] as const))
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const inner = typeof value === 'object' ? elements(value as XmlContent) : escaped(String(value));
      return `<${name}>${inner}</${name}>`;
    })
    .join('');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
