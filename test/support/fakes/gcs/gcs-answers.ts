/** What the server answers: text as it is, `json` as JSON, bytes as they come. */
export interface GcsAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly json?: object;
  readonly body?: string | AsyncIterable<Buffer>;
}

/** How an error is written: as the JSON API, the XML API or the servers of tokens do it. */
export type ErrorForm = 'json' | 'xml' | 'oauth';

/** A call that is not carried out. `code` is the reason of the JSON API, the code of the XML API, or that of OAuth. */
export class GcsFailure extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string = code) {
    super(message);
    this.name = 'GcsFailure';
    this.status = status;
    this.code = code;
  }
}

export const noSuchBucket = () => new GcsFailure(404, 'notFound', 'The specified bucket does not exist.');
export const noSuchObject = (name: string) => new GcsFailure(404, 'notFound', `No such object: ${name}`);
export const conditionNotMet = () =>
  new GcsFailure(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.');
export const invalid = (message: string) => new GcsFailure(400, 'invalid', message);

/** The answer for a failure. */
export function failureAnswer({ status, code, message }: GcsFailure, form: ErrorForm): GcsAnswer {
  if (form === 'xml') {
    const body = `<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    return { status, body, headers: { 'content-type': 'application/xml; charset=UTF-8' } };
  }
  if (form === 'oauth') return { status, json: { error: code, error_description: message } };
  const errors = [{ message, domain: 'global', reason: code }];
  return { status, json: { error: { code: status, message, errors } } };
}
