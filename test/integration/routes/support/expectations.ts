import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { Answer } from '../../../support/http-request.js';

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

export const anUuid = expect.stringMatching(UUID) as string;
export const aTime = expect.stringMatching(TIME) as string;

export const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');

/** The `ApiError` of REST contract 2.3: exactly these fields. */
export function expectApiError(
  answer: Answer,
  status: number,
  error: string | RegExp,
  more: Record<string, unknown> = {},
): void {
  const body = answer.json();
  expect({ status: answer.status, error: body['error'] }).toEqual({
    status,
    error: typeof error === 'string' ? error : expect.stringMatching(error),
  });
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(body).toEqual({ error: body['error'], code: expect.stringMatching(/^[a-z_]+$/), ...more });
}

/** The `ProtocolError` of REST contract 2.3, which carries the sentence twice (checklist 111). */
export function expectProtocolError(answer: Answer, status: number, sentence: string): void {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.json()).toMatchObject({ errors: [sentence], error: sentence });
}

/** What remains of an answer when the parts that may differ between two requests are gone. */
export function comparable({ status, headers, body }: Answer): object {
  const { 'x-request-id': id, date: _date, ...rest } = headers;
  const text = body.toString();
  return { status, headers: rest, body: id === undefined ? text : text.replaceAll(String(id), '<id>') };
}
